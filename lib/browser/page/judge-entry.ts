// Runs in a page of judging, from a file or from a server: unpacks what is to be judged, asks who judges, and goes on where that
// judge ended. `document.documentElement` says by data-judge whether that went well: "ready" or "failed".
import { JudgingSession } from "../judging/judging-session.js";
import type { JudgingLog, JudgingTask } from "../judging/judging-task.js";
import { type SessionFile, sessionProblem, sessionText } from "../judging/session-file.js";
import { SessionStore } from "../judging/session-store.js";
import { button, element } from "./dom-elements.js";
import { type JudgeKeeper, JudgeView } from "./judge-view.js";
import { unpack } from "./unpack.js";

/** Pause between saves to a server. */
const SAVE_MS = 400;

const root = document.querySelector<HTMLElement>("[data-judging]")!;
const server = root.dataset["save"];

async function start(): Promise<void> {
  const task = JSON.parse(new TextDecoder().decode(await unpack("judging-task"))) as JudgingTask;
  const store = new SessionStore(localStorage, task.id);
  const name = element("input", {
    id: "judge-name",
    required: "",
    maxlength: "100",
    value: root.dataset["judge"] ?? store.lastJudge() ?? "",
    autocomplete: "name",
  });
  const file = element("input", { id: "judge-file", type: "file", accept: ".json" });
  const problem = element("p", { role: "alert", class: "judge-problem" });
  const form = element(
    "form",
    { class: "judge-start" },
    element(
      "p",
      {},
      `Documents are shown one at a time, in a random order, without saying who found them. Grade each for its query: ${gradesText()}.`,
    ),
    element("label", { for: "judge-name" }, "Your name", name),
    element("label", { for: "judge-file" }, "Go on from a saved file, if you have one", file),
    element(
      "div",
      { class: "live-tools" },
      button("Start", () => form.requestSubmit(), { class: "judge-begin" }),
    ),
    problem,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(task, store, name.value.trim(), file.files?.[0] ?? null).catch((error: Error) => {
      problem.textContent = error.message;
    });
  });
  root.replaceChildren(form);
}

function gradesText(): string {
  return "0 not relevant, 1 related, 2 relevant, 3 exactly this; u if you are unsure, b to go back, n for a note";
}

async function begin(
  task: JudgingTask,
  store: SessionStore,
  judge: string,
  file: File | null,
): Promise<void> {
  if (judge === "") throw new Error("Please give your name: judgements are kept under it.");
  const { log: kept, problem } = store.load(judge);
  const others = [file ? opened(await file.text(), task, judge) : null, await fetched(task, judge)];
  const [log = null] = [kept, ...others]
    .filter((found) => found !== null)
    .sort((a, b) => b.answers.length - a.answers.length);
  const session = new JudgingSession(
    task,
    log ?? { task: task.id, judge, draws: [], answers: [], intents: [] },
  );
  const view = new JudgeView(root, session, new Keeper(store, (text) => view.tell(text)));
  if (problem) view.tell(problem);
  else if (log) view.tell(`It goes on after ${log.answers.length} answers.`);
}

/** The log of a saved file. @throws Error if it is of another task or judge, or not whole */
function opened(text: string, task: JudgingTask, judge: string): JudgingLog {
  const wrong = sessionProblem(text);
  if (wrong) throw new Error(`The saved file ${wrong}.`);
  const { log } = JSON.parse(text) as SessionFile;
  if (log.task !== task.id) throw new Error("The saved file belongs to another page of judging.");
  if (log.judge !== judge)
    throw new Error(`The saved file is of ${log.judge}: give that name to go on from it.`);
  return log;
}

async function fetched(task: JudgingTask, judge: string): Promise<JudgingLog | null> {
  if (server === undefined) return null;
  const answer = await fetch(`${server}?task=${task.id}&judge=${encodeURIComponent(judge)}`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`The server does not give back what was saved: ${await messageOf(answer)}`);
  return ((await answer.json()) as SessionFile).log;
}

/** Keeps every answer in the browser, and where the page came from a server there too. */
class Keeper implements JudgeKeeper {
  readonly where =
    server === undefined
      ? "Kept in this browser after every answer."
      : "Kept in this browser and on the server.";
  private waiting: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly store: SessionStore,
    private readonly tell: (text: string) => void,
  ) {}

  keep(session: JudgingSession): void {
    try {
      this.store.save(session.log);
    } catch {
      this.tell("This browser cannot keep more: save the judgements to a file now.");
    }
    if (server === undefined || this.waiting !== null) return;
    this.waiting = setTimeout(() => {
      this.waiting = null;
      this.send(session).catch((error: Error) => this.tell(`Not saved on the server: ${error.message}`));
    }, SAVE_MS);
  }

  private async send(session: JudgingSession): Promise<void> {
    const { task, log } = session;
    const answer = await fetch(server!, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: sessionText(task, log, session.comparisons()) }),
    });
    if (!answer.ok) throw new Error(await messageOf(answer));
    document.documentElement.dataset["saved"] = String(log.answers.length);
  }
}

async function messageOf(answer: Response): Promise<string> {
  const { message } = (await answer.json().catch(() => ({}))) as { message?: string };
  return message ?? `status ${answer.status}`;
}

start().then(
  () => {
    document.documentElement.dataset["judge"] = "ready";
  },
  (error: Error) => {
    document.documentElement.dataset["judge"] = "failed";
    root.replaceChildren(element("p", {}, `This page could not be opened: ${error.message}`));
    throw error;
  },
);
