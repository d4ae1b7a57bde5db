import type { PackedSteps, Span } from "./payload.js";

const NO_PLACE = 65535;

/** Numbers of a page's bytes, as they were packed; copies. */
export class PayloadBytes {
  constructor(private readonly all: Uint8Array) {}

  bytes([from, length]: Span): Uint8Array {
    return this.all.slice(from, from + length);
  }

  floats(span: Span): Float32Array {
    return new Float32Array(this.bytes(span).buffer);
  }

  ints(span: Span): Int32Array {
    return new Int32Array(this.bytes(span).buffer);
  }

  /** step · scale in float32, rows of `dim`. */
  rows({ bits, steps, scales }: PackedSteps, dim: number): Float32Array {
    const factors = this.floats(scales);
    const stored = this.bytes(steps);
    const count = factors.length * dim;
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const low = stored[i]!;
      const step = bits <= 8 ? (low << 24) >> 24 : ((low | (stored[count + i]! << 8)) << 16) >> 16;
      out[i] = step * factors[Math.floor(i / dim)]!;
    }
    return out;
  }

  /** [n, 2] in [0, 1]; NaN for a point that has no place. */
  points(span: Span): Float32Array {
    const stored = new Uint16Array(this.bytes(span).buffer, 0, span[1] / 2);
    return Float32Array.from(stored, (step) => (step === NO_PLACE ? Number.NaN : step / (NO_PLACE - 1)));
  }

  /** Ascending ids that were kept as gaps, seven bits a byte. */
  gaps(span: Span, count: number): Int32Array {
    const stored = this.bytes(span);
    const ids = new Int32Array(count);
    let at = 0;
    let id = 0;
    for (let i = 0; i < count; i++) {
      let shift = 0;
      let byte: number;
      do {
        byte = stored[at++]!;
        id += (byte & 127) << shift;
        shift += 7;
      } while (byte > 127);
      ids[i] = id;
    }
    return ids;
  }
}

/** The opposite: numbers one after the other in one array of bytes. */
export class PayloadWriter {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  add(array: Float32Array | Int32Array | Int8Array | Uint8Array): Span {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
    const padding = (4 - (bytes.length % 4)) % 4;
    const span: Span = [this.length, bytes.length];
    this.parts.push(bytes, new Uint8Array(padding));
    this.length += bytes.length + padding;
    return span;
  }

  /** Steps of up to 16 bits; of more than 8, low bytes first and then high ones, which packs better. */
  addSteps(bits: number, steps: Int8Array | Int16Array, scales: Float32Array): PackedSteps {
    const planes = new Uint8Array(steps.length * (bits <= 8 ? 1 : 2));
    for (let i = 0; i < steps.length; i++) {
      planes[i] = steps[i]! & 255;
      if (bits > 8) planes[steps.length + i] = (steps[i]! >> 8) & 255;
    }
    return { bits, steps: this.add(planes), scales: this.add(scales) };
  }

  /** Points of a plane in 16 bits a coordinate, scaled alike on both axes to fill a square; NaN stays NaN. */
  addPoints(coordinates: Float32Array): Span {
    const least = [Infinity, Infinity];
    const most = [-Infinity, -Infinity];
    coordinates.forEach((value, i) => {
      least[i % 2] = Math.min(least[i % 2]!, Number.isNaN(value) ? Infinity : value);
      most[i % 2] = Math.max(most[i % 2]!, Number.isNaN(value) ? -Infinity : value);
    });
    const extent = Math.max(most[0]! - least[0]!, most[1]! - least[1]!, 1e-9);
    const steps = Uint16Array.from(coordinates, (value, i) => {
      if (Number.isNaN(value)) return NO_PLACE;
      const middle = (least[i % 2]! + most[i % 2]!) / 2;
      return Math.round((0.5 + (value - middle) / extent) * (NO_PLACE - 1));
    });
    return this.add(new Uint8Array(steps.buffer));
  }

  addGaps(ascending: Iterable<number>): Span {
    const stored: number[] = [];
    let last = 0;
    for (const id of ascending) {
      let gap = id - last;
      last = id;
      for (; gap > 127; gap >>= 7) stored.push((gap & 127) | 128);
      stored.push(gap);
    }
    return this.add(Uint8Array.from(stored));
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

/**
 * Rows in whole steps of `bits` bits (9 to 16): step = round(x / s), s = max |x| of the row / (2^(bits−1) − 1). For fewer
 * bits see roundRows.
 */
export function wideSteps(
  values: ArrayLike<number>,
  dim: number,
  bits: number,
): { steps: Int16Array; scales: Float32Array } {
  const most = 2 ** (bits - 1) - 1;
  const steps = new Int16Array(values.length);
  const scales = new Float32Array(values.length / dim);
  for (let r = 0; r < scales.length; r++) {
    let largest = 0;
    for (let i = r * dim; i < (r + 1) * dim; i++) largest = Math.max(largest, Math.abs(values[i]!));
    scales[r] = largest / most;
    if (scales[r]! > 0)
      for (let i = r * dim; i < (r + 1) * dim; i++) steps[i] = Math.round((values[i]! * most) / largest);
  }
  return { steps, scales };
}
