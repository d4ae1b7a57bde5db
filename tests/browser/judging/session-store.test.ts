import { describe, expect, it } from "vitest";
import { JudgingSession } from "../../../lib/browser/judging/judging-session.js";
import { sessionProblem, sessionText } from "../../../lib/browser/judging/session-file.js";
import { SessionStore } from "../../../lib/browser/judging/session-store.js";
import { emptyLog, madeUpTask } from "../../support/judging-task.js";

function browser() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

describe("what a browser keeps of a judge", () => {
  const { task } = madeUpTask(6);

  it("is the last save; one that was cut off costs one answer", () => {
    const local = browser();
    const store = new SessionStore(local, task.id);
    const session = new JudgingSession(task, emptyLog());
    for (let i = 0; i < 5; i++) {
      session.answer(session.question()!, 1, "2026-11-29T12:00:00.000Z");
      store.save(session.log);
    }
    const again = new SessionStore(local, task.id);
    expect(again.lastJudge()).toBe("anna");
    expect(again.load("anna")).toEqual({ log: session.log, problem: null });
    expect(again.load("ben")).toEqual({ log: null, problem: null });
    const last = [...local.kept].find(([, text]) => text.includes('"saves":5'))!;
    local.kept.set(last[0], last[1].slice(0, -40));
    const found = new SessionStore(local, task.id).load("anna");
    expect(found.log!.answers).toEqual(session.log.answers.slice(0, 4));
    expect(found.problem).toBe("The last save was cut off; it goes on from the one before, with 4 answers.");
    for (const key of local.kept.keys()) if (/\d$/.test(key)) local.kept.set(key, "");
    expect(new SessionStore(local, task.id).load("anna").problem).toMatch(/damaged; it starts anew/);
  });

  it("can be saved as a text that shows whether it is whole", () => {
    const session = new JudgingSession(task, emptyLog());
    session.answer(session.question()!, 2, "2026-11-29T12:00:00.000Z", 'a "note"');
    const text = sessionText(task, session.log, session.comparisons());
    expect(sessionProblem(text)).toBe(null);
    expect(JSON.parse(text)).toMatchObject({
      judge: "anna",
      answers: [{ grade: 2, note: 'a "note"', drawn: { turn: 1 } }],
    });
    expect(sessionProblem(text.slice(0, -9))).toBe("must be whole, got one that was cut off");
    expect(sessionProblem(text.replace('"grade":2', '"grade":3'))).toMatch(/checksum does not fit/);
    expect(sessionProblem("{}")).toMatch(/^must begin with "form"/);
  });
});
