import type { PackedAnswers, PackedQuerySet } from "../payload.js";
import { button, choice, count, element, signed } from "./dom-elements.js";
import { documentLabel, type PageContext } from "./page-context.js";
import { type FilteredQueries, filterQueryList, outcomes, type QueryFilter } from "./query-filter.js";

const ROW_HEIGHT = 34;
const SPARE_ROWS = 6;
const ORDERS: readonly QueryFilter["order"][] = [
  "as in the set",
  "first − second",
  "second − first",
  "by text",
];

/** Every evaluation query in a list that draws only the rows in sight; rankings side by side for the one that is chosen. */
export class QueriesView {
  private readonly scroller = element("div", {
    class: "live-queries",
    role: "region",
    tabindex: "0",
    "aria-label": "Queries",
  });
  private readonly rows = element("div", { class: "live-queryrows" });
  private readonly summary = element("p", { class: "live-note", "aria-live": "polite" });
  private readonly head = element("div", { class: "live-queryhead", "aria-hidden": "true" });
  private readonly shown = element("div");
  private readonly sliceChoice = element("span");
  private set: PackedQuerySet;
  private answers: PackedAnswers;
  private measure: string;
  private readonly pair: [number, number];
  private division: string | null = null;
  private readonly filter: QueryFilter = {
    text: "",
    outcome: "all queries",
    slice: "",
    order: "as in the set",
  };
  private values: FilteredQueries;
  private list: number[] = [];
  private chosen = -1;

  constructor(
    root: HTMLElement,
    private readonly context: PageContext,
  ) {
    const { sets, measures, compared } = context.payload.queries!;
    this.set = sets[0]!;
    this.answers = this.set.answers[0]!;
    this.measure = measures[0]!;
    this.pair = [...compared];
    this.values = this.valuesNow();
    this.scroller.append(this.rows);
    root.replaceChildren(
      this.tools(),
      this.summary,
      this.head,
      this.scroller,
      element("h3", {}, "The rankings of a query"),
      this.shown,
    );
    this.scroller.addEventListener("scroll", () => this.drawRows());
    new ResizeObserver(() => this.drawRows()).observe(this.scroller);
    this.rows.addEventListener("keydown", (event) => this.moveBy(event));
    this.chosen = this.values.texts.length > 0 ? 0 : -1;
    this.update();
  }

  private tools(): HTMLElement {
    const { sets, measures, systems } = this.context.payload.queries!;
    const search = element("input", {
      type: "search",
      placeholder: "Part of a query",
      "aria-label": "Part of a query",
    });
    search.addEventListener("input", () => {
      this.filter.text = search.value;
      this.update();
    });
    const levels = element("span");
    const fillLevels = () => {
      levels.replaceChildren(
        choice(
          "Typo probability",
          this.set.answers.map(({ typo }) => (typo === 0 ? "as written" : `typos ${typo}`)),
          0,
          (position) => {
            this.answers = this.set.answers[position]!;
            this.update();
          },
        ),
      );
      this.fillSlices();
    };
    const setChoice = choice(
      "Evaluation set",
      sets.map(({ name }) => name),
      0,
      (position) => {
        this.set = sets[position]!;
        this.answers = this.set.answers[0]!;
        this.division = null;
        fillLevels();
        this.update();
      },
    );
    fillLevels();
    const system = (label: string, side: 0 | 1) =>
      choice(label, systems, this.pair[side], (position) => {
        this.pair[side] = position;
        this.update();
      });
    return element(
      "div",
      { class: "live-tools" },
      search,
      ...(sets.length > 1 ? [setChoice] : []),
      levels,
      choice("Measure", measures, 0, (position) => {
        this.measure = measures[position]!;
        this.update();
      }),
      system("First system of the comparison", 0),
      system("Second system of the comparison", 1),
      choice("Outcome", outcomes, 0, (position) => {
        this.filter.outcome = outcomes[position]!;
        this.update();
      }),
      this.sliceChoice,
      choice("Order", ORDERS, 0, (position) => {
        this.filter.order = ORDERS[position]!;
        this.update();
      }),
    );
  }

  private fillSlices(): void {
    const slices = Object.entries(this.set.slices).flatMap(([division, values]) =>
      [...new Set(values)].filter((slice) => slice !== "").map((slice) => ({ division, slice })),
    );
    const names = ["all slices", ...slices.map(({ division, slice }) => `${division}: ${slice}`)];
    this.sliceChoice.replaceChildren(
      choice("Slice", names, 0, (position) => {
        const chosen = slices[position - 1];
        this.division = chosen?.division ?? null;
        this.filter.slice = chosen?.slice ?? "";
        this.update();
      }),
    );
  }

  private valuesNow(): FilteredQueries {
    const { bytes } = this.context;
    const [a, b] = this.pair.map((system) =>
      bytes.floats(this.answers.systems[system]!.values[this.measure]!),
    );
    const slices = this.division === null ? null : this.set.slices[this.division]!;
    return { texts: this.answers.texts, a: a!, b: b!, slices };
  }

  private update(): void {
    this.values = this.valuesNow();
    this.list = filterQueryList(this.values, this.filter);
    const { systems } = this.context.payload.queries!;
    const mean = (values: Float32Array) =>
      this.list.reduce((sum, query) => sum + values[query]!, 0) / Math.max(1, this.list.length);
    const [a, b] = this.pair.map((system) => systems[system]!);
    const cut =
      this.set.size > this.set.answers[0]!.texts.length
        ? ` The page has the first ${count(this.set.answers[0]!.texts.length)} of the set's ${count(this.set.size)}.`
        : "";
    this.summary.textContent =
      this.list.length === 0
        ? "No query passes."
        : `${count(this.list.length)} of ${count(this.values.texts.length)} queries; ${this.measure}: ${a} ${mean(this.values.a).toFixed(3)}, ${b} ${mean(this.values.b).toFixed(3)}.${cut}`;
    this.head.replaceChildren(
      element("span", {}, "query"),
      element("span", {}, a!),
      element("span", {}, b!),
      element("span", {}, "difference"),
    );
    this.scroller.scrollTop = 0;
    this.drawRows();
    if (this.chosen >= 0) this.drawRankings();
  }

  private drawRows(): void {
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(this.list.length, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + SPARE_ROWS);
    const focused = document.activeElement?.getAttribute("data-place");
    this.rows.style.height = `${this.list.length * ROW_HEIGHT}px`;
    const made: HTMLElement[] = [];
    for (let place = first; place < last; place++) made.push(this.row(place));
    this.rows.replaceChildren(...made);
    if (focused !== null && focused !== undefined) this.focusRow(Number(focused));
  }

  private row(place: number): HTMLElement {
    const query = this.list[place]!;
    const [a, b] = [this.values.a[query]!, this.values.b[query]!];
    const difference = a - b;
    const made = button(
      element("span", { class: "live-name" }, this.values.texts[query] || "(empty)"),
      () => {
        this.chosen = query;
        this.drawRows();
        this.drawRankings();
      },
      {
        class: "live-queryrow",
        style: `top:${place * ROW_HEIGHT}px`,
        "aria-pressed": String(query === this.chosen),
        "data-place": String(place),
      },
    );
    const shown = (value: number) => (Number.isNaN(value) ? "–" : value.toFixed(2));
    made.append(
      element("span", {}, shown(a)),
      element("span", {}, shown(b)),
      element(
        "span",
        { class: difference > 0 ? "live-better" : difference < 0 ? "live-worse" : "live-quiet" },
        difference > 0 ? `▲ ${signed(difference)}` : difference < 0 ? `▼ ${signed(difference)}` : "=",
      ),
    );
    return made;
  }

  private focusRow(place: number): void {
    this.rows.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus({ preventScroll: true });
  }

  /** Arrow keys go from row to row, and the list follows. */
  private moveBy(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const at = document.activeElement?.getAttribute("data-place");
    if (step === 0 || at === null || at === undefined) return;
    event.preventDefault();
    const place = Math.min(this.list.length - 1, Math.max(0, Number(at) + step));
    const top = place * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    if (top + ROW_HEIGHT > scrollTop + clientHeight)
      this.scroller.scrollTop = top + ROW_HEIGHT - clientHeight;
    this.drawRows();
    this.focusRow(place);
  }

  private relevantOf(query: number): Set<number> {
    const { bytes } = this.context;
    const offsets = bytes.ints(this.set.relevant.offsets);
    return new Set(bytes.ints(this.set.relevant.ids).slice(offsets[query]!, offsets[query + 1]!));
  }

  private drawRankings(): void {
    const query = this.chosen;
    const { systems, depth } = this.context.payload.queries!;
    const { bytes, payload } = this.context;
    const relevant = this.relevantOf(query);
    const slices = Object.entries(this.set.slices)
      .map(([division, values]) => [division, values[query]!] as const)
      .filter(([, slice]) => slice !== "")
      .map(([division, slice]) => `${division}: ${slice}`);
    const lists = [...new Set(this.pair)].map((system) => {
      const { top, values } = this.answers.systems[system]!;
      const value = bytes.floats(values[this.measure]!)[query]!;
      const heading = element(
        "h5",
        {},
        systems[system]!,
        element("span", { class: "live-quiet" }, ` · ${this.measure} ${value.toFixed(2)}`),
      );
      if (!top)
        return element(
          "div",
          {},
          heading,
          element("p", {}, "Rankings are kept for the lowest and the highest typo probability."),
        );
      const ids = [...bytes.ints([top[0] + query * depth * 4, depth * 4])].filter((id) => id >= 0);
      const items = ids.map((id) => {
        const isRelevant = relevant.has(id);
        const label = documentLabel(payload, id);
        if (isRelevant) label.append(element("span", { class: "live-better" }, " ✓ relevant"));
        return element("li", isRelevant ? { class: "live-relevant" } : {}, label);
      });
      return element(
        "div",
        {},
        heading,
        items.length === 0
          ? element("p", {}, "Nothing was found.")
          : element("ol", { class: "live-list" }, ...items),
      );
    });
    const names = [...relevant].filter((id) => id >= 0).map((id) => payload.corpus.names[id]!);
    this.shown.replaceChildren(
      element("h4", {}, `“${this.answers.texts[query]}”`),
      element(
        "p",
        { class: "live-note" },
        `Relevant: ${names.join(", ") || "none in these documents"}. ${slices.join(" · ")}`,
      ),
      element("div", { class: "live-two" }, ...lists),
    );
  }
}
