import { cohenKappa } from "../../metrics/cohen-kappa.js";
import { AHEAD } from "../judging/compare-systems.js";
import { GRADES } from "../judging/grades.js";
import type { JudgingQuestion, JudgingSession } from "../judging/judging-session.js";
import { sessionText } from "../judging/session-file.js";
import { button, count, element, signed } from "./dom-elements.js";

/** Where a judge's work is kept. */
export interface JudgeKeeper {
  /** Called after every change. */
  keep(session: JudgingSession): void;
  /** Says where it is kept, in a sentence. */
  readonly where: string;
}

/** The page of a judge at work: one document at a time, keys or buttons, and what is known by now. */
export class JudgeView {
  private readonly progress = element("div", { class: "judge-progress" });
  private readonly card = element("div", { class: "judge-card" });
  private readonly told = element("p", { class: "live-quiet judge-told", role: "status" });
  private readonly note = element("textarea", { rows: "2", "aria-label": "Note on this document" });
  private readonly noteBox = element("div", { class: "judge-note", hidden: "" }, this.note);
  private readonly standing = element("div", { class: "judge-standing" });
  private readonly details = element(
    "details",
    { class: "judge-details" },
    element("summary", {}, "Scores so far, and agreement with yourself"),
    this.standing,
  );
  private question: JudgingQuestion | null = null;

  constructor(
    root: HTMLElement,
    private readonly session: JudgingSession,
    private readonly keeper: JudgeKeeper,
  ) {
    const { guidelines, id } = session.task;
    const name = `judgements-${session.log.judge.replace(/[^\p{L}\p{N}._-]+/gu, "-")}`;
    root.replaceChildren(
      this.progress,
      guidelines === "" ? "" : element("p", { class: "judge-guidelines" }, guidelines),
      this.card,
      this.noteBox,
      this.buttons(),
      this.told,
      element(
        "div",
        { class: "live-tools judge-files" },
        button("Save judgements to a file", () =>
          download(`${name}-${id}.json`, sessionText(session.task, session.log, session.comparisons())),
        ),
        button("Save grades as TREC qrels", () => download(`${name}.qrels`, this.qrels())),
        element("span", { class: "live-quiet" }, keeper.where),
      ),
      this.details,
    );
    this.details.addEventListener("toggle", () => this.showStanding());
    document.addEventListener("keydown", (event) => this.key(event));
    this.note.addEventListener("keydown", (event) => {
      if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
        event.preventDefault();
        this.card.focus();
      }
    });
    this.card.tabIndex = -1;
    this.show();
  }

  private buttons(): HTMLElement {
    const grades = GRADES.map((meaning, grade) =>
      keyButton(String(grade), meaning, () => this.answer(grade), `judge-grade judge-grade-${grade}`),
    );
    return element(
      "div",
      { class: "judge-buttons", role: "group", "aria-label": "How well does the document answer the query?" },
      ...grades,
      keyButton("u", "unsure", () => this.answer(null)),
      keyButton("b", "back", () => this.back()),
      keyButton("n", "note", () => this.openNote()),
    );
  }

  private key(event: KeyboardEvent): void {
    const { target, key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    if (target instanceof HTMLElement && target.matches("input, textarea, select")) return;
    if (/^[0-3]$/.test(key)) this.answer(Number(key));
    else if (key === "u") this.answer(null);
    else if (key === "b") this.back();
    else if (key === "n") this.openNote();
    else return;
    event.preventDefault();
  }

  private answer(grade: number | null): void {
    const { question, session } = this;
    if (question === null) return;
    const note = this.noteBox.hidden ? undefined : this.note.value.trim();
    session.answer(question, grade, new Date().toISOString(), note);
    const title = session.task.documents[question.document]!.texts[0]!;
    const reason = session.task.queue?.find(
      ({ query, document }) => query === question.query && document === question.document,
    )?.reason;
    this.tell(
      `${title}: ${grade === null ? "unsure" : `${grade}, ${GRADES[grade]}`}${reason ? ` (listed because: ${reason})` : ""}. b goes back.`,
    );
    this.keeper.keep(session);
    this.show();
  }

  private back(): void {
    if (this.session.back()) this.show();
    else this.tell("There is nothing before this.");
  }

  private openNote(): void {
    this.noteBox.hidden = false;
    this.note.focus();
  }

  tell(text: string): void {
    this.told.textContent = text;
  }

  private show(): void {
    const { session } = this;
    this.question = session.question();
    this.showProgress();
    const { question } = this;
    if (question === null) {
      this.noteBox.hidden = true;
      this.card.replaceChildren(
        element("p", {}, "All is judged. Save the judgements to a file, or look at the scores below."),
      );
      this.showStanding();
      return;
    }
    const { task, log } = session;
    const query = task.queries[question.query]!;
    const document = task.documents[question.document]!;
    const before = session.answered(question);
    this.note.value = before?.note ?? "";
    this.noteBox.hidden = !before?.note;
    const intents = new Map(log.intents);
    const intent = element("input", {
      value: intents.get(question.query) ?? "",
      id: "judge-intent",
      maxlength: "1000",
    });
    intent.addEventListener("change", () => {
      intents.set(question.query, intent.value.trim());
      log.intents = [...intents].filter(([, text]) => text !== "");
      this.keeper.keep(session);
    });
    intent.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") this.card.focus();
    });
    const fields = document.texts
      .slice(1)
      .flatMap((text, i) =>
        text === "" ? [] : [element("dt", {}, fieldName(task.fields[i + 1]!)), element("dd", {}, text)],
      );
    this.card.replaceChildren(
      element(
        "p",
        { class: "judge-kind live-quiet" },
        asked(question, before?.grade, task.queue !== undefined),
      ),
      element("h2", { class: "judge-query" }, query.text),
      ...(query.picture
        ? [
            element("img", {
              src: query.picture,
              alt: "The query, a picture",
              class: "q-picture judge-picture",
            }),
          ]
        : []),
      element("label", { class: "judge-intent", for: "judge-intent" }, "What is wanted"),
      intent,
      element(
        "article",
        { class: "judge-document", "aria-label": "Document" },
        ...(document.picture
          ? [element("img", { src: document.picture, alt: "", class: "q-picture judge-picture" })]
          : []),
        element("h3", {}, document.texts[0]!),
        element("dl", {}, ...fields),
      ),
    );
    if (this.details.open) this.showStanding();
  }

  private showProgress(): void {
    const { session } = this;
    const { labels, draws, drawable } = session.progress();
    const { task } = session;
    if (task.queue) {
      this.progress.replaceChildren(
        element("p", {}, `${count(labels)} of ${count(task.queue.length)} judged`),
      );
      return;
    }
    const lines = session.comparisons().map((comparison, i) => {
      const { mean, low, high, half, ahead, decided } = comparison;
      const [first, other] = [task.systems[0]!, task.systems[i + 1]!];
      const result =
        decided === null ? "not decided" : `decided: ${decided === "first" ? first : other} is better`;
      return element(
        "div",
        { class: "judge-line" },
        element(
          "p",
          {},
          element("strong", {}, `${other} − ${first}`),
          `: ${task.measure} ${signed(mean)} `,
          element("span", { class: "judge-now" }, `±${places(half)} now`),
          ahead === 0 ? "" : `, about ±${places(ahead)} after ${AHEAD} more; `,
          element("span", { class: decided === null ? "live-quiet" : "judge-decided" }, result),
        ),
        intervalBar(low, mean, high),
      );
    });
    const known = task.queries.length - drawable;
    this.progress.replaceChildren(
      ...lines,
      element(
        "p",
        { class: "live-quiet" },
        `${count(labels)} ${labels === 1 ? "label" : "labels"} on ${count(draws.length)} of ${count(drawable)} queries that differ${known > 0 ? `; on ${count(known)} all systems answer alike` : ""}`,
      ),
    );
  }

  private showStanding(): void {
    const { session } = this;
    const { task, log } = session;
    const rows = session
      .scores()
      .map(({ system, score, judged }) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, system),
          element("td", {}, score.toFixed(3)),
          element("td", {}, `${(100 * judged).toFixed(0)} %`),
        ),
      );
    const second = log.answers.filter(({ pass, grade }) => pass === 2 && grade !== null);
    const pairs = second.flatMap(({ query, document, grade }) => {
      const first = session.answered({ query, document, pass: 1 })?.grade;
      return first == null ? [] : [{ first, second: grade!, group: task.queries[query]!.id }];
    });
    const scores =
      rows.length === 0
        ? []
        : [
            element(
              "p",
              { class: "live-quiet" },
              "On queries with a label; documents that are not judged count as not relevant. These are not what decides: the difference above weighs queries by how they were drawn.",
            ),
            element(
              "div",
              { class: "q-table" },
              element(
                "table",
                {},
                element(
                  "thead",
                  {},
                  element(
                    "tr",
                    {},
                    ...["System", task.measure, `judged@${task.k}`].map((head) =>
                      element("th", { scope: "col" }, head),
                    ),
                  ),
                ),
                element("tbody", {}, ...rows),
              ),
            ),
          ];
    this.standing.replaceChildren(...scores, element("p", {}, selfAgreement(pairs)));
  }

  /** First-pass grades; ids with blanks as in URLs. */
  private qrels(): string {
    const { log, task } = this.session;
    const id = (text: string) => (/\s/u.test(text) ? text.replace(/[%\s]/gu, encodeURIComponent) : text);
    return log.answers
      .filter(({ pass, grade }) => pass === 1 && grade !== null)
      .map(
        ({ query, document, grade }) =>
          `${id(task.queries[query]!.id)} 0 ${id(task.documents[document]!.id)} ${grade}\n`,
      )
      .sort()
      .join("");
  }
}

function asked({ pass }: JudgingQuestion, before: number | null | undefined, listed: boolean): string {
  if (before !== undefined) return `You said: ${before === null ? "unsure" : `${before}, ${GRADES[before]}`}`;
  if (pass === 2) return "Once more, to see how steady the grades are";
  return listed ? "From the list" : "Which grade?";
}

function selfAgreement(pairs: Parameters<typeof cohenKappa>[0]): string {
  if (pairs.length === 0) return "No document has been asked twice yet.";
  const { count: asked, equal, kappa, low, high } = cohenKappa(pairs);
  const share = `Asked twice: ${asked}, with the same grade ${(100 * equal).toFixed(0)} %`;
  if (Number.isNaN(kappa)) return `${share}; κ is not known yet.`;
  return `${share}; κ ${kappa.toFixed(2)}${Number.isNaN(low) ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`}.`;
}

function keyButton(key: string, label: string, onClick: () => void, kind = "") {
  return button(element("span", {}, element("kbd", {}, key), ` ${label}`), onClick, {
    class: `judge-button ${kind}`.trim(),
    "aria-keyshortcuts": key,
  });
}

/** Where an interval lies on a line from −1 to 1, drawn by square roots so that small ones can be seen. */
function intervalBar(low: number, mean: number, high: number): HTMLElement {
  const at = (value: number) => {
    const bounded = Math.min(1, Math.abs(value));
    return 50 + 50 * Math.sign(value) * Math.sqrt(bounded);
  };
  const bar = element("span", { class: "judge-range" });
  bar.style.left = `${at(low)}%`;
  bar.style.width = `${at(high) - at(low)}%`;
  const point = element("span", { class: "judge-point" });
  point.style.left = `${at(mean)}%`;
  return element(
    "div",
    { class: "judge-bar", "aria-hidden": "true" },
    element("span", { class: "judge-zero" }),
    bar,
    point,
  );
}

/** Three places without the zero before the point, as tables write widths. */
function places(value: number): string {
  return value.toFixed(3).replace(/^0/, "");
}

function fieldName(column: string): string {
  return column.replace(/^document_/, "").replaceAll("_", " ");
}

function download(name: string, text: string): void {
  const link = element("a", { href: URL.createObjectURL(new Blob([text])), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
