import type { PackedMapRun } from "../payload.js";
import { button, choice, element } from "./dom-elements.js";
import { type Colouring, colourByKind, colourByNumber } from "./map-colours.js";
import { documentLabel, type PageContext } from "./page-context.js";
import { PointCanvas, type PointMark } from "./point-canvas.js";
import { queryShape } from "./point-stamps.js";

const REACH = 16;
const STEP = 40;

/** What plots tell the map around them. */
export interface PlotEvents {
  picked(point: number, plot: MapPlot): void;
  lassoed(points: number[], plot: MapPlot): void;
  hovered(point: number): void;
}

/** A property that points are coloured by. */
export interface ColourChoice {
  name: string;
  values: readonly string[] | Float32Array;
}

/** One run's map: its layout, its points, and the hand on them. */
export class MapPlot {
  readonly root = element("div", { class: "live-mapplot" });
  private readonly points = new PointCanvas();
  private readonly statement = element("p", { class: "live-note" });
  private run: PackedMapRun;
  private layout = 0;
  private colouring: Colouring;
  private path: [number, number][] = [];
  private last: [number, number] | null = null;
  private isLasso = true;

  constructor(
    private readonly context: PageContext,
    run: number,
    private readonly events: PlotEvents,
    private colour: ColourChoice,
    private visible: Uint8Array,
  ) {
    const { runs } = context.payload.map!;
    this.run = runs[run]!;
    this.colouring = this.coloured();
    this.root.append(
      element(
        "div",
        { class: "live-tools" },
        choice(
          "Run",
          runs.map(({ name }) => name),
          run,
          (position) => {
            this.run = runs[position]!;
            this.colouring = this.coloured();
            this.show();
          },
        ),
        choice(
          "Layout",
          this.run.layouts.map(({ name }) => name),
          0,
          (position) => {
            this.layout = position;
            this.points.reset();
            this.show();
          },
        ),
        button("−", () => this.points.zoomBy(1 / 1.5), { "aria-label": "Smaller" }),
        button("+", () => this.points.zoomBy(1.5), { "aria-label": "Larger" }),
        button("whole map", () => this.points.reset()),
      ),
      this.points.root,
      this.statement,
    );
    this.listen();
    this.show();
  }

  get name(): string {
    return this.run.name;
  }

  get colours(): Colouring {
    return this.colouring;
  }

  /** Values by name that the run has of every point. */
  valuesOf(name: string): Float32Array | null {
    const span = this.run.values[name];
    return span ? this.context.bytes.floats(span) : null;
  }

  /** Nearest documents of a point in the model's space, best first; null where the page does not have them. */
  nearestOf(point: number): number[] | null {
    const { neighbours } = this.run;
    if (!neighbours) return null;
    const { width, ids } = neighbours;
    const [from] = ids;
    const some = this.context.bytes.ints([from + point * width * 4, width * 4]);
    return [...some].filter((id) => id >= 0);
  }

  colourBy(colour: ColourChoice): void {
    this.colour = colour;
    this.colouring = this.coloured();
    this.show();
  }

  setVisible(visible: Uint8Array): void {
    this.visible = visible;
    this.show();
  }

  /** Whether dragging draws a lasso or moves the map. */
  setLasso(on: boolean): void {
    this.isLasso = on;
  }

  /** From now on fingers work on the map; before, they scroll the page over it. */
  takeTouch(): void {
    this.points.surface.style.touchAction = "none";
  }

  mark(marks: readonly PointMark[]): void {
    this.points.mark(marks);
  }

  /** Draws so many times, each a little further, as a hand would move it. @returns milliseconds of each frame */
  timeFrames(frames: number): number[] {
    const spent = Array.from({ length: frames }, () => {
      this.points.pan(3, 1);
      return this.points.draw();
    });
    this.points.reset();
    return spent;
  }

  /** Where a point lies on the page's own surface of this plot. */
  pixelOf(point: number): [number, number] {
    return this.points.pixelOf(point);
  }

  private coloured(): Colouring {
    const { name, values } = this.colour;
    if (values instanceof Float32Array) return colourByNumber(this.valuesOf(name) ?? values);
    return colourByKind(values, this.context.payload.map!.palette);
  }

  private show(): void {
    const layout = this.run.layouts[this.layout]!;
    this.statement.textContent = layout.statement;
    this.points.describe(
      `Map of ${this.run.name} by ${layout.name}. Arrow keys move it, plus and minus change its size, Enter picks the point in the middle; the box above finds points by name.`,
    );
    const { colours, shapes } = this.colouring;
    shapes.fill(queryShape, this.context.payload.corpus.ids.length);
    this.points.show(this.context.bytes.points(layout.points), { colours, shapes, visible: this.visible });
  }

  private listen(): void {
    const { surface } = this.points;
    const placeOf = (event: PointerEvent | WheelEvent): [number, number] => {
      const box = surface.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    surface.addEventListener("pointerdown", (event) => {
      surface.setPointerCapture(event.pointerId);
      this.path = [placeOf(event)];
      this.last = placeOf(event);
    });
    surface.addEventListener("pointermove", (event) => {
      const at = placeOf(event);
      if (this.last === null) {
        const point = this.points.nearest(at, REACH);
        surface.title = point < 0 ? "" : this.labelOf(point);
        this.events.hovered(point);
        return;
      }
      this.path.push(at);
      if (this.isLasso !== event.shiftKey) this.points.setLasso(this.path);
      else this.points.pan(at[0] - this.last[0], at[1] - this.last[1]);
      this.last = at;
    });
    surface.addEventListener("pointerup", (event) => {
      const path = this.path;
      const [x, y] = placeOf(event);
      this.path = [];
      this.last = null;
      this.points.setLasso([]);
      if (path.every(([a, b]) => Math.hypot(a - x, b - y) < 6)) {
        const point = this.points.nearest([x, y], REACH);
        if (point >= 0) this.events.picked(point, this);
      } else if (this.isLasso !== event.shiftKey) this.events.lassoed(this.points.within(path), this);
    });
    surface.addEventListener("pointercancel", () => {
      this.path = [];
      this.last = null;
      this.points.setLasso([]);
    });
    surface.addEventListener(
      "wheel",
      (event) => {
        // the page scrolls on, unless the map has the focus or the zoom is asked for
        if (!event.ctrlKey && document.activeElement !== surface) return;
        event.preventDefault();
        this.points.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, placeOf(event));
      },
      { passive: false },
    );
    surface.addEventListener("keydown", (event) => {
      const moves: Record<string, () => void> = {
        ArrowLeft: () => this.points.pan(STEP, 0),
        ArrowRight: () => this.points.pan(-STEP, 0),
        ArrowUp: () => this.points.pan(0, STEP),
        ArrowDown: () => this.points.pan(0, -STEP),
        "+": () => this.points.zoomBy(1.3),
        "-": () => this.points.zoomBy(1 / 1.3),
        "0": () => this.points.reset(),
        Enter: () => {
          const { clientWidth, clientHeight } = surface;
          const point = this.points.nearest([clientWidth / 2, clientHeight / 2], clientWidth);
          if (point >= 0) this.events.picked(point, this);
        },
      };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      move();
    });
  }

  private labelOf(point: number): string {
    return pointLabel(this.context, point).textContent ?? "";
  }
}

/** A document's name, or a query's text in quotation marks. */
export function pointLabel({ payload }: PageContext, point: number): HTMLElement {
  const documents = payload.corpus.ids.length;
  return point < documents
    ? documentLabel(payload, point)
    : element("span", { class: "live-name" }, `“${payload.map!.queries.texts[point - documents]}”`);
}
