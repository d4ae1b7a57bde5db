import { button, choice, count, element, tick } from "./dom-elements.js";
import { hexColour } from "./map-colours.js";
import { type ColourChoice, MapPlot, pointLabel } from "./map-plot.js";
import type { PageContext } from "./page-context.js";
import type { PointMark } from "./point-canvas.js";
import { pointShapes } from "./point-stamps.js";

const MOST_LISTED = 60;
const MOST_NAMED = 6;

/** The map: points of one run or two side by side, found by name, picked, drawn around, coloured and filtered. */
export class MapView {
  private readonly plots: MapPlot[] = [];
  private readonly plotBox = element("div", { class: "live-plots" });
  private readonly legend = element("ul", { class: "live-legend" });
  private readonly list = element("div", { class: "live-maplist", "aria-live": "polite" });
  private readonly colours: ColourChoice[];
  private readonly slices: { division: string; slice: string }[];
  private readonly points: number;
  private colour: ColourChoice;
  private hidden = new Set<number>();
  private queries = true;
  private sought = "";
  private slice = -1;
  private isLasso = true;
  /** points shown in full while others are faint; null: all are */
  private chosen: ReadonlySet<number> | null = null;
  private focus: number | null = null;
  private hits: readonly number[] = [];

  constructor(
    root: HTMLElement,
    private readonly context: PageContext,
  ) {
    const { corpus, map } = context.payload;
    this.points = corpus.ids.length + map!.queries.texts.length;
    this.colours = this.colourChoices();
    this.colour = this.colours[0]!;
    this.slices = Object.entries(map!.queries.slices).flatMap(([division, values]) =>
      [...new Set(values)].filter((slice) => slice !== "").map((slice) => ({ division, slice })),
    );
    root.replaceChildren(
      this.tools(),
      this.plotBox,
      this.legend,
      element("h3", {}, "Chosen points"),
      this.list,
    );
    this.addPlot(0);
    this.drawLegend();
    this.drawList("Click a point, or draw around some", []);
    context.selection.listen((documents, source) => {
      if (source === this) return;
      this.hits = documents;
      if (documents.length === 1) this.focus = documents[0]!;
      this.drawMarks();
    });
  }

  /** For who measures: milliseconds of each frame of the first plot. */
  timeFrames(frames: number): number[] {
    return this.plots[0]!.timeFrames(frames);
  }

  /** Where the n-th point lies on the first plot's surface, in pixels. */
  pixelOf(point: number): [number, number] {
    return this.plots[0]!.pixelOf(point);
  }

  private colourChoices(): ColourChoice[] {
    const { corpus, map } = this.context.payload;
    const { relevant } = map!.queries;
    /** a column of documents, and of queries that of their first relevant document */
    const withQueries = <T>(column: readonly T[]): T[] => [...column, ...relevant.map((id) => column[id]!)];
    const kinds = map!.columns.map((name): ColourChoice => {
      const column = corpus.columns[name]!;
      const numbers = column.map((value) => (value === "" ? Number.NaN : Number(value)));
      const areNumbers = column.every((value, i) => value === "" || Number.isFinite(numbers[i]!));
      const shown = name.replace(/^document_/, "");
      return areNumbers
        ? { name: shown, values: Float32Array.from(withQueries(numbers)) }
        : { name: shown, values: withQueries(column) };
    });
    const values = Object.keys(map!.runs[0]!.values).map((name) => ({ name, values: new Float32Array(0) }));
    const what = [...corpus.ids.map(() => "document"), ...relevant.map(() => "query")];
    return [...kinds, ...values, { name: "document or query", values: what }];
  }

  private tools(): HTMLElement {
    const { map } = this.context.payload;
    const search = element("input", {
      type: "search",
      placeholder: "Find points by name",
      "aria-label": "Find points by name",
    });
    search.addEventListener("input", () => this.seek(search.value));
    const modes = element("span", { role: "group", "aria-label": "Dragging", class: "live-modes" });
    const setMode = (lasso: boolean) => {
      this.isLasso = lasso;
      for (const plot of this.plots) plot.setLasso(lasso);
      for (const [i, mode] of [...modes.children].entries())
        mode.setAttribute("aria-pressed", String((i === 0) === lasso));
    };
    const chosenMode = (lasso: boolean) => {
      setMode(lasso);
      for (const plot of this.plots) plot.takeTouch();
    };
    modes.append(
      button("draw around", () => chosenMode(true), { "aria-pressed": "true" }),
      button("move", () => chosenMode(false), { "aria-pressed": "false" }),
    );
    const queries = tick("queries (rings)", (ticked) => {
      this.queries = ticked;
      this.drawPoints();
    });
    queries.querySelector("input")!.checked = true;
    const two = tick("two maps", (ticked) => {
      if (ticked) this.addPlot(Math.min(1, map!.runs.length - 1));
      else this.plots.pop()!.root.remove();
      this.plotBox.classList.toggle("two", ticked);
    });
    const sliceNames = ["all queries", ...this.slices.map(({ division, slice }) => `${division}: ${slice}`)];
    return element(
      "div",
      { class: "live-tools" },
      search,
      element(
        "label",
        {},
        "colour by",
        choice(
          "Colour by",
          this.colours.map(({ name }) => name),
          0,
          (position) => {
            this.colour = this.colours[position]!;
            this.hidden.clear();
            for (const plot of this.plots) plot.colourBy(this.colour);
            this.drawLegend();
            this.drawPoints();
          },
        ),
      ),
      choice("Slice of queries", sliceNames, 0, (position) => {
        this.slice = position - 1;
        this.drawPoints();
      }),
      queries,
      two,
      modes,
    );
  }

  private addPlot(run: number): void {
    const plot = new MapPlot(
      this.context,
      run,
      {
        picked: (point, at) => this.pick(point, at),
        lassoed: (points) => this.choose(points, `${count(points.length)} points in the selection`),
        hovered: () => {},
      },
      this.colour,
      this.visibility(),
    );
    plot.setLasso(this.isLasso);
    this.plots.push(plot);
    this.plotBox.append(plot.root);
    this.drawMarks();
  }

  /** 2 for what is shown, 1 for what is faint, 0 for what is hidden. */
  private visibility(): Uint8Array {
    const documents = this.context.payload.corpus.ids.length;
    const { slices } = this.context.payload.map!.queries;
    const chosen = this.slices[this.slice];
    const entry = this.plots[0]?.colours.entry;
    const visible = new Uint8Array(this.points);
    for (let point = 0; point < this.points; point++) {
      const isQuery = point >= documents;
      if (isQuery && !this.queries) continue;
      if (isQuery && chosen && slices[chosen.division]![point - documents] !== chosen.slice) continue;
      if (entry && this.hidden.has(entry[point]!)) continue;
      visible[point] = this.chosen === null || this.chosen.has(point) ? 2 : 1;
    }
    return visible;
  }

  private drawPoints(): void {
    const visible = this.visibility();
    for (const plot of this.plots) plot.setVisible(visible);
    this.drawMarks();
  }

  private drawLegend(): void {
    const { legend, range } = this.plots[0]!.colours;
    this.legend.replaceChildren(
      ...legend.map(({ label, colour, shape, count: size }, i) => {
        const made = button(
          element(
            "span",
            {},
            element("i", { class: `live-shape ${pointShapes[shape]}`, style: `--at:${hexColour(colour)}` }),
            ` ${label} `,
          ),
          () => {
            if (!this.hidden.delete(i)) this.hidden.add(i);
            made.setAttribute("aria-pressed", String(!this.hidden.has(i)));
            this.drawPoints();
          },
          { "aria-pressed": "true", class: "live-legendentry" },
        );
        made.append(element("span", { class: "live-quiet" }, count(size)));
        return element("li", {}, made);
      }),
    );
    if (!range) return;
    const { least, most, ramp } = range;
    const gradient = `background:linear-gradient(to right, ${ramp.map(hexColour).join(", ")})`;
    this.legend.append(
      element(
        "li",
        {},
        least.toLocaleString("en", { maximumFractionDigits: 2 }),
        element("i", { class: "live-ramp", style: gradient }),
        `${most.toLocaleString("en", { maximumFractionDigits: 2 })} · grey: no value`,
      ),
    );
  }

  private seek(text: string): void {
    this.sought = text.trim().toLowerCase();
    if (this.sought === "") {
      this.choose(null, "Click a point, or draw around some");
      return;
    }
    const { corpus, map } = this.context.payload;
    const found: number[] = [];
    const names = [...corpus.names, ...map!.queries.texts];
    names.forEach((name, point) => {
      if (name.toLowerCase().includes(this.sought)) found.push(point);
    });
    this.choose(found, `${count(found.length)} points with “${text.trim()}”`);
  }

  private choose(points: number[] | null, heading: string): void {
    this.chosen = points && new Set(points);
    this.focus = null;
    this.drawPoints();
    this.drawList(heading, points ?? []);
  }

  /** Shows a point's nearest documents in the space of the plot's run: for a query, its ranking. */
  private pick(point: number, plot: MapPlot): void {
    const documents = this.context.payload.corpus.ids.length;
    const near = plot.nearestOf(point);
    this.focus = point;
    this.chosen = null;
    if (point < documents) this.context.selection.set([point], this);
    this.hits = near ?? [];
    this.drawPoints();
    const name = pointLabel(this.context, point).textContent ?? "";
    const what = point < documents ? "Nearest to" : "Found for";
    const missing = near === null ? " (not in this page: it has too many documents)" : "";
    this.drawList(`${what} ${name} in ${plot.name}${missing}`, near ?? [], point);
  }

  private drawList(heading: string, points: readonly number[], of?: number): void {
    const shown = points.slice(0, MOST_LISTED);
    const values = this.plots[0]!.colours.range ? this.plots[0]!.valuesOf(this.colour.name) : null;
    this.list.replaceChildren(
      element("h4", {}, heading),
      ...(of === undefined ? [] : [this.factsOf(of)]),
      element(
        "ul",
        { class: "live-chips" },
        ...shown.map((point) => {
          const made = button(pointLabel(this.context, point), () => this.pick(point, this.plots[0]!), {
            class: "live-chip",
          });
          const value = values?.[point];
          if (value !== undefined && !Number.isNaN(value))
            made.append(element("span", { class: "live-quiet" }, ` ${value.toFixed(2)}`));
          return element("li", {}, made);
        }),
      ),
    );
    if (points.length > shown.length)
      this.list.append(
        element("p", { class: "live-note" }, `and ${count(points.length - shown.length)} more`),
      );
  }

  /** A point's own properties, in a line. */
  private factsOf(point: number): HTMLElement {
    const { corpus, map } = this.context.payload;
    const plot = this.plots[0]!;
    const documents = corpus.ids.length;
    const facts: string[] = [];
    if (point < documents)
      for (const column of map!.columns)
        facts.push(`${column.replace(/^document_/, "")}: ${corpus.columns[column]![point]}`);
    else
      for (const [division, values] of Object.entries(map!.queries.slices))
        if (values[point - documents]) facts.push(`${division}: ${values[point - documents]}`);
    for (const { name } of this.colours) {
      const value = plot.valuesOf(name)?.[point];
      if (value !== undefined && !Number.isNaN(value)) facts.push(`${name}: ${value.toFixed(3)}`);
    }
    return element("p", { class: "live-note" }, facts.join(" · "));
  }

  private drawMarks(): void {
    const style = getComputedStyle(this.plotBox);
    const [own, other] = ["--live-side-0", "--live-side-1"].map((name) =>
      style.getPropertyValue(name).trim(),
    );
    const marks: PointMark[] = this.hits.map((point, i) => ({
      ...{ point, colour: other!, dashed: true },
      label: i < MOST_NAMED ? (pointLabel(this.context, point).textContent ?? "") : "",
    }));
    if (this.focus !== null)
      marks.unshift({
        ...{ point: this.focus, colour: own!, dashed: false },
        label: pointLabel(this.context, this.focus).textContent ?? "",
      });
    for (const plot of this.plots) plot.mark(marks);
  }
}
