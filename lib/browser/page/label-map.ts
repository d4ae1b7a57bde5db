import { element } from "./dom-elements.js";
import { PointCanvas, type PointMark } from "./point-canvas.js";

const DOCUMENT = 0x6b7787;
const MOVE_MS = 350;

/** Documents on fixed axes; they move as the model does. */
export class LabelMap {
  readonly root = element("section", { "aria-label": "Map" });
  private readonly canvas = new PointCanvas();
  private places = new Map<string, number>();
  private shown: Float32Array = new Float32Array(0);
  /** of the first map: what later ones are drawn in */
  private frame: { left: number; bottom: number; size: number } | null = null;

  constructor() {
    this.root.append(
      element("h2", {}, "Map"),
      this.canvas.root,
      element(
        "p",
        { class: "live-note" },
        "Documents on the first two principal axes of the run's embeddings, which stay; rings are the candidates.",
      ),
    );
  }

  update(ids: readonly string[], positions: readonly number[]): void {
    this.places = new Map(ids.map((id, at) => [id, at]));
    this.frame ??= frameOf(positions);
    const { left, bottom, size } = this.frame;
    const wanted = Float32Array.from(positions, (value, i) => (value - (i % 2 === 0 ? left : bottom)) / size);
    const from = this.shown.length === wanted.length ? this.shown : wanted;
    const look = {
      colours: new Uint32Array(ids.length).fill(DOCUMENT),
      shapes: new Uint8Array(ids.length),
      visible: new Uint8Array(ids.length).fill(2),
    };
    this.canvas.describe(`Map of ${ids.length} documents`);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const started = performance.now();
    const move = () => {
      const part = still ? 1 : Math.min(1, (performance.now() - started) / MOVE_MS);
      this.shown = wanted.map((value, i) => from[i]! + (value - from[i]!) * part);
      this.canvas.show(this.shown, look);
      if (part < 1) requestAnimationFrame(move);
    };
    move();
  }

  /** Rings around documents, as far as they are on the map. */
  mark(documents: readonly { id: string; label: string }[]): void {
    const colour = getComputedStyle(this.root).getPropertyValue("--live-side-0").trim();
    const marks: PointMark[] = documents.flatMap(({ id, label }) => {
      const point = this.places.get(id);
      return point === undefined ? [] : [{ point, colour, dashed: false, label }];
    });
    this.canvas.mark(marks);
  }
}

function frameOf(positions: readonly number[]): { left: number; bottom: number; size: number } {
  const [x, y] = [0, 1].map((axis) => {
    const values = positions.filter((_, i) => i % 2 === axis);
    return { least: Math.min(...values), most: Math.max(...values) };
  }) as [{ least: number; most: number }, { least: number; most: number }];
  const size = Math.max(x.most - x.least, y.most - y.least) || 1;
  return { left: (x.least + x.most - size) / 2, bottom: (y.least + y.most - size) / 2, size };
}
