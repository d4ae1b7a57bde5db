import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  type Judgement,
  type JudgementFile,
  judgedQrels,
  readJudgements,
  writeJudgements,
} from "../../lib/datasets/judgements.js";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-judgements-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));

const line = (query: string, document: string, grade: number | null, more: Partial<Judgement> = {}) => ({
  ...{ query, document, grade, judge: "anna", pass: 1 as const, when: "2026-11-29T10:00:00Z" },
  ...more,
});
const of = (judgements: Judgement[], header: Partial<JudgementFile["header"]> = {}): JudgementFile => ({
  header: { dataset: "films", fingerprint: null, set: "test", ...header },
  judgements,
});

describe("judgements on disk", () => {
  it("come back as they were, sorted one line each, so that one more judgement is one more line", () => {
    const file = path.join(dir, "anna.jsonl");
    const first = [
      line("q2", "d1", 3, { note: "the sequel" }),
      line("q1", "d9", 0),
      line("q1", "d10", null, { intent: "the film, not the book" }),
    ];
    writeJudgements(file, of(first));
    const before = fs.readFileSync(file, "utf8").split("\n");
    expect(before.slice(1, -1).map((text) => JSON.parse(text).document)).toEqual(["d10", "d9", "d1"]);
    expect(readJudgements(file).judgements).toEqual([first[2], first[1], first[0]]);
    writeJudgements(file, of([...first, line("q1", "d8", 1)]));
    const after = fs.readFileSync(file, "utf8").split("\n");
    expect(after.filter((text) => !before.includes(text))).toHaveLength(1);
    expect(before.filter((text) => !after.includes(text))).toEqual([]);
  });

  it("are refused in one line that names the place", () => {
    const file = path.join(dir, "bad.jsonl");
    const refused = (text: string) => {
      fs.writeFileSync(file, text);
      try {
        readJudgements(file);
      } catch (error) {
        return (error as Error).message;
      }
      return "read";
    };
    const header = JSON.stringify({
      form: "qdrl judgements 1",
      dataset: "films",
      fingerprint: null,
      set: "test",
    });
    const good = JSON.stringify(line("q", "d", 1));
    expect(refused("")).toMatch(/^.*bad\.jsonl:1: must be the header/);
    expect(refused(`${good}\n`)).toMatch(/^.*bad\.jsonl:1: must be the header.*"form"/);
    expect(refused(`${header}\n${good}\n${JSON.stringify(line("q", "e", 1.5))}\n`)).toMatch(
      /^.*bad\.jsonl:3: must be a judgement, got "grade".*$/,
    );
    expect(refused(`${header}\n${good}\n\n${good}\n`)).toMatch(
      /bad\.jsonl:4: a judge must grade .*after line 2$/,
    );
    expect(refused(`${header}\n${good.slice(0, 30)}`)).toMatch(/bad\.jsonl:2.*$/);
  });
});

describe("one grade a document", () => {
  it("leaves out second passes, unsure ones, and programs that are not named", () => {
    const file = of([
      line("q", "a", 2),
      line("q", "a", 0, { pass: 2 }),
      line("q", "b", null),
      line("q", "c", 3, { judge: "model", machine: true }),
    ]);
    expect([...judgedQrels([file]).get("q")!]).toEqual([["a", 2]]);
    expect([...judgedQrels([file], { machines: ["model"] }).get("q")!]).toEqual([
      ["a", 2],
      ["c", 3],
    ]);
    expect(() => judgedQrels([file], { machines: ["anna"] })).toThrow('must be of model, got "anna"');
    expect(() => judgedQrels([of([line("q", "c", 1, { machine: true })])])).toThrow(/programs: anna/);
  });

  it("names judges who differ, or does as it is told", () => {
    const files = [
      of([line("q", "a", 0)]),
      of([line("q", "a", 2, { judge: "ben" })]),
      of([line("q", "a", 2, { judge: "cleo" })]),
    ];
    expect(() => judgedQrels(files)).toThrow(
      /^judgements: judges must agree on .*got 0 by anna and 2 by ben and 2 by cleo/,
    );
    const grade = (conflicts: "majority" | "lowest" | "highest", some = files) =>
      judgedQrels(some, { conflicts }).get("q")!.get("a");
    expect([grade("majority"), grade("lowest"), grade("highest")]).toEqual([2, 0, 2]);
    expect(grade("majority", files.slice(0, 2))).toBe(0);
  });

  it("is not made of different data sets, or states of one", () => {
    const mine = of([line("q", "a", 0)], { fingerprint: "a".repeat(64) });
    expect(() => judgedQrels([mine, of([], { dataset: "books" })])).toThrow(
      'must be of films, set "test", got those of books, set "test"',
    );
    expect(() => judgedQrels([mine, of([], { fingerprint: "b".repeat(64) })])).toThrow(/has changed since/);
  });
});
