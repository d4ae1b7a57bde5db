import { power } from "../../engine/power.js";
import { element } from "./dom-elements.js";
import { pointShapes, type Stamp, stampOf } from "./point-stamps.js";

/** How points look: one entry a point. */
export interface PointLook {
  /** 0xRRGGBB */
  colours: Uint32Array;
  /** position in pointShapes */
  shapes: Uint8Array;
  /** 0: not shown, 1: faint, 2: shown */
  visible: Uint8Array;
}

/** A mark that is drawn over the points. */
export interface PointMark {
  point: number;
  /** CSS colour of the ring */
  colour: string;
  dashed: boolean;
  label: string;
}

const FAINT = 0.16;

/**
 * Points in the plane on two canvases: all of them below, written pixel by pixel, so that a hundred thousand move with the
 * hand; marks, names and the lasso above, which alone change while one types.
 */
export class PointCanvas {
  readonly root: HTMLElement;
  readonly canvas = element("canvas", { class: "live-points" });
  private readonly over = element("canvas", {
    class: "live-marks",
    tabindex: "0",
    role: "img",
  });
  /** [n, 2] in [0, 1], y upwards; NaN: no place */
  private points: Float32Array = new Float32Array(0);
  private look: PointLook = {
    colours: new Uint32Array(0),
    shapes: new Uint8Array(0),
    visible: new Uint8Array(0),
  };
  private marks: readonly PointMark[] = [];
  private lasso: readonly (readonly [number, number])[] = [];
  /** pixels of the canvas a unit, and where the origin lies */
  private scale = 1;
  private left = 0;
  private top = 0;
  private zoom = 1;
  private centre: [number, number] = [0.5, 0.5];
  private image: ImageData | null = null;
  private asked = 0;

  constructor() {
    this.root = element("div", { class: "live-plot" }, this.canvas, this.over);
    new ResizeObserver(() => this.redraw()).observe(this.root);
  }

  /** What takes the pointer and the keys. */
  get surface(): HTMLCanvasElement {
    return this.over;
  }

  describe(label: string): void {
    this.over.setAttribute("aria-label", label);
  }

  show(points: Float32Array, look: PointLook): void {
    this.points = points;
    this.look = look;
    this.redraw();
  }

  mark(marks: readonly PointMark[]): void {
    this.marks = marks;
    this.drawOver();
  }

  setLasso(path: readonly (readonly [number, number])[]): void {
    this.lasso = path;
    this.drawOver();
  }

  /** Draws in the next frame. */
  redraw(): void {
    if (this.asked === 0)
      this.asked = requestAnimationFrame(() => {
        this.asked = 0;
        this.draw();
      });
  }

  /** Shifts by pixels of the page. */
  pan(dx: number, dy: number): void {
    const unit = this.scale / devicePixelRatio;
    this.centre = [this.centre[0] - dx / unit, this.centre[1] + dy / unit];
    this.redraw();
  }

  /** @param at  place on the surface that stays where it is; default: the middle */
  zoomBy(factor: number, at?: readonly [number, number]): void {
    const before = at && this.placeOf(at);
    this.zoom = Math.min(400, Math.max(0.5, this.zoom * factor));
    this.measure();
    const after = at && this.placeOf(at);
    if (before && after)
      this.centre = [this.centre[0] + before[0] - after[0], this.centre[1] + before[1] - after[1]];
    this.redraw();
  }

  reset(): void {
    this.zoom = 1;
    this.centre = [0.5, 0.5];
    this.redraw();
  }

  /** The nearest point, faint ones too, within so many pixels of a place on the surface; −1: none. */
  nearest([x, y]: readonly [number, number], reach: number): number {
    let found = -1;
    let least = reach * reach;
    for (let point = 0; point < this.look.visible.length; point++) {
      if (this.look.visible[point] === 0) continue;
      const [px, py] = this.pixelOf(point);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance <= least) {
        least = distance;
        found = point;
      }
    }
    return found;
  }

  /** Points, faint ones too, within a closed path on the surface. */
  within(path: readonly (readonly [number, number])[]): number[] {
    const found: number[] = [];
    for (let point = 0; point < this.look.visible.length; point++)
      if (this.look.visible[point] !== 0 && isInside(this.pixelOf(point), path)) found.push(point);
    return found;
  }

  /** Where a point lies on the surface, in pixels of the page. */
  pixelOf(point: number): [number, number] {
    const x = this.left + this.points[2 * point]! * this.scale;
    const y = this.top - this.points[2 * point + 1]! * this.scale;
    return [x / devicePixelRatio, y / devicePixelRatio];
  }

  private placeOf([x, y]: readonly [number, number]): [number, number] {
    return [(x * devicePixelRatio - this.left) / this.scale, (this.top - y * devicePixelRatio) / this.scale];
  }

  private measure(): void {
    const { width, height } = this.canvas;
    this.scale = Math.min(width, height) * 0.94 * this.zoom;
    this.left = width / 2 - this.centre[0] * this.scale;
    this.top = height / 2 + this.centre[1] * this.scale;
  }

  /** Draws all points at once. @returns milliseconds that it took */
  draw(): number {
    const started = performance.now();
    const width = Math.round(this.root.clientWidth * devicePixelRatio);
    const height = Math.round(this.root.clientHeight * devicePixelRatio);
    if (width === 0 || height === 0) return 0;
    for (const canvas of [this.canvas, this.over])
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
        this.image = null;
      }
    this.measure();
    const context = this.canvas.getContext("2d")!;
    this.image ??= context.createImageData(width, height);
    const pixels = new Uint32Array(this.image.data.buffer);
    pixels.fill(0);
    const stamps = pointShapes.map((shape) => stampOf(shape, this.radius()));
    for (const level of [1, 2]) this.stampAll(pixels, width, height, stamps, level);
    context.putImageData(this.image, 0, 0);
    this.drawOver();
    return performance.now() - started;
  }

  /** Fewer points are larger; all grow a little with the zoom. */
  private radius(): number {
    const count = this.look.visible.length;
    const least = count > 30_000 ? 0.9 : count > 8000 ? 1.4 : count > 2500 ? 2.2 : 3;
    return Math.min(6, least * power(this.zoom, 0.35)) * devicePixelRatio;
  }

  private stampAll(
    pixels: Uint32Array,
    width: number,
    height: number,
    stamps: readonly Stamp[],
    level: number,
  ): void {
    const { colours, shapes, visible } = this.look;
    const opacity = level === 1 ? FAINT : 0.82;
    for (let point = 0; point < visible.length; point++) {
      if (visible[point] !== level) continue;
      const stamp = stamps[shapes[point]!]!;
      const { size, coverage } = stamp;
      const half = size >> 1;
      const x = Math.round(this.left + this.points[2 * point]! * this.scale) - half;
      const y = Math.round(this.top - this.points[2 * point + 1]! * this.scale) - half;
      if (!(x >= 0 && y >= 0 && x + size <= width && y + size <= height)) continue; // NaN has no place either
      const colour = colours[point]!;
      const [red, green, blue] = [colour >> 16, (colour >> 8) & 255, colour & 255];
      for (let row = 0; row < size; row++) {
        let at = (y + row) * width + x;
        for (let column = 0; column < size; column++, at++) {
          const cover = coverage[row * size + column]!;
          if (cover !== 0) pixels[at] = over(pixels[at]!, red, green, blue, (cover * opacity) | 0);
        }
      }
    }
  }

  private drawOver(): void {
    const context = this.over.getContext("2d")!;
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.over.width, this.over.height);
    const style = getComputedStyle(this.root);
    const ink = style.color;
    const taken: [number, number][] = [];
    context.font = "600 12px system-ui, sans-serif";
    for (const { point, colour, dashed, label } of this.marks) {
      const [x, y] = this.pixelOf(point);
      if (Number.isNaN(x)) continue;
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.setLineDash(dashed ? [3, 2.5] : []);
      context.beginPath();
      context.arc(x, y, dashed ? 10 : 7.5, 0, 7);
      context.stroke();
      if (label === "" || taken.some(([a, b]) => Math.abs(a - x) < 110 && Math.abs(b - y) < 15)) continue;
      taken.push([x, y]);
      const atRight = x > this.root.clientWidth - 140;
      context.textAlign = atRight ? "right" : "left";
      context.setLineDash([]);
      context.lineWidth = 4;
      context.strokeStyle = style.getPropertyValue("--card");
      context.strokeText(label, x + (atRight ? -13 : 13), y + 4);
      context.fillStyle = ink;
      context.fillText(label, x + (atRight ? -13 : 13), y + 4);
    }
    if (this.lasso.length < 2) return;
    context.strokeStyle = ink;
    context.fillStyle = ink;
    context.lineWidth = 1.5;
    context.setLineDash([4, 3]);
    context.beginPath();
    this.lasso.forEach(([x, y], i) => {
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.closePath();
    context.stroke();
    context.globalAlpha = 0.07;
    context.fill();
    context.globalAlpha = 1;
  }
}

/**
 * A colour over a pixel of RGBA in the order of little-endian bytes; what lies below counts as opaque in the mixing, which no
 * eye tells from the exact formula and is twice as fast.
 *
 * @param alpha  0 … 255
 */
function over(below: number, red: number, green: number, blue: number, alpha: number): number {
  const under = below >>> 24;
  if (under === 0) return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const rest = 255 - alpha;
  const r = ((red * alpha + (below & 255) * rest) / 255) | 0;
  const g = ((green * alpha + ((below >> 8) & 255) * rest) / 255) | 0;
  const b = ((blue * alpha + ((below >> 16) & 255) * rest) / 255) | 0;
  const total = (alpha + (under * rest) / 255) | 0;
  return ((total << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function isInside([x, y]: readonly [number, number], path: readonly (readonly [number, number])[]): boolean {
  let is = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [a, b] = path[i]!;
    const [c, d] = path[j]!;
    if (b > y !== d > y && x < ((c - a) * (y - b)) / (d - b) + a) is = !is;
  }
  return is;
}
