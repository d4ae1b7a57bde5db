import { button, count, element, signed } from "./dom-elements.js";
import type { LabelCounters, LabelMeasured } from "./label-shapes.js";

/** How the labelling goes: counters, the share of positives, and what the model is worth. */
export class LabelPanel {
  readonly root = element("section", { "aria-label": "Progress" });
  private readonly counts = element("dl", { class: "label-counts" });
  private readonly bar = element(
    "div",
    { class: "label-bar", role: "img" },
    element("span"),
    element("span"),
  );
  private readonly worth = element("div", { "aria-live": "polite" });

  /** @param measure  asks what the model is worth now */
  constructor(private readonly measure: () => void) {
    this.root.append(element("h2", {}, "Progress"), this.counts, this.bar, this.worth);
  }

  /** @param view  answered and all questions of the present view */
  show(counters: LabelCounters, view: { answered: number; of: number }): void {
    const { done, left, positive, negative, ignored, saved, recentPrecision, loss } = counters;
    const lines: [string, string][] = [
      ["this view", `${view.answered} of ${view.of}`],
      ["done", `${count(done)} of ${count(done + left)}`],
      ["positive", count(positive)],
      ["negative", count(negative)],
      ["ignored", count(ignored)],
      ["saved", saved === null ? "not yet" : `after ${count(saved.answers)}`],
      [
        "positives among the last 20",
        recentPrecision === null ? "–" : `${Math.round(100 * recentPrecision)} %`,
      ],
      ["loss", loss === null ? "–" : loss.toFixed(3)],
    ];
    this.counts.replaceChildren(
      ...lines.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    );
    const all = positive + negative;
    const share = all === 0 ? 0 : (100 * positive) / all;
    this.bar.setAttribute("aria-label", `${Math.round(share)} % of the labels are positive`);
    const [plus, minus] = this.bar.children as unknown as [HTMLElement, HTMLElement];
    plus.style.width = `${share}%`;
    minus.style.width = all === 0 ? "0" : `${100 - share}%`;
  }

  /** @param done  answers so far: fewer may have been measured */
  measured(found: LabelMeasured | null, done: number): void {
    if (found === null) {
      this.worth.replaceChildren(element("p", { class: "live-note" }, "No queries to measure the model on."));
      return;
    }
    const { measure, set, queries, value, start, change, answers } = found;
    this.worth.replaceChildren();
    this.worth.append(
      element("div", {}, measure, " "),
      element("div", { class: "label-value" }, value.toFixed(3)),
      element(
        "p",
        { class: "live-note" },
        `${signed(change.mean)} since the start (${start.toFixed(3)}), 95 % interval ${signed(change.low)} to ${signed(change.high)}; ${count(queries)} queries of ${set}, after ${count(answers)} answers.`,
      ),
      ...(answers === done ? [] : [button("Measure now", this.measure)]),
    );
  }
}
