import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random.js";
import type { CachedRows } from "./cached-rows.js";
import { type GroupMaximaKernels, loadGroupMaxima } from "./kernel/load-kernel.js";
import type { NegativeCache } from "./negative-cache.js";
import { principalAxes } from "./principal-axes.js";
import { checkGroups, type GroupMaxima } from "./retrieval.js";
import { AXES, type BlockLayout, blockLayout, CHUNK_BYTES, ROWS_PER_CHUNK, RowBlocks } from "./row-blocks.js";

const SAMPLE = 4096;
/** Σ |query code| at most: sums of products with codes up to 127 then fit in 16 bits. */
const QUERY_REACH = 258;

/**
 * Fast approximate search of a large cache: each row has a code of 16 small integers, its coordinates on the principal axes
 * of the cached embeddings. Per query and group the codes pick a few candidates (the best of each of 8 interleaved parts,
 * in large groups of 8 of their blocks of similar rows), of which the best `candidates` are scored exactly. Returned
 * scores are exact; the row is the group's best one only
 * as far as the axes tell, so a group's score is at most its true maximum.
 *
 * Codes must follow the cache: call {@link update} with the rows that it wrote, and {@link refit} now and then as the
 * embeddings move.
 */
export class CodedRows implements CachedRows {
  readonly size: number;
  readonly dim: number;
  private readonly kernels: GroupMaximaKernels;
  private readonly blocks: RowBlocks;
  private readonly at: Addresses;
  private readonly buffer: ArrayBuffer;
  private axes: Float32Array;
  private scale = 1;

  private constructor(
    private readonly cache: NegativeCache,
    private readonly field: string,
    private readonly layout: BlockLayout,
    private readonly maxQueries: number,
    private readonly candidates: number,
    loaded: NonNullable<ReturnType<typeof loadGroupMaxima>>,
  ) {
    this.size = cache.size;
    this.dim = cache.width(field);
    this.kernels = loaded.kernels;
    this.buffer = loaded.memory.buffer;
    this.at = addresses(layout, maxQueries);
    const { means, used, found } = this.at;
    this.blocks = new RowBlocks(
      layout,
      new Uint8Array(this.buffer, 0, means),
      new Uint8Array(this.buffer, means, used - means),
      new Int32Array(this.buffer, used, (found - used) / 4),
    );
    this.axes = new Float32Array(AXES * this.dim);
  }

  /**
   * Codes for the `field` of a cache, or null where the runtime lacks relaxed SIMD or the groups are not multiples of
   * 8 rows of at most 2^18: search exactly then.
   *
   * @param options.groups     k of {@link groupMaxima}: the only one it can be asked for
   * @param options.maxQueries queries per call
   * @param options.candidates rows scored exactly per query and group, 1 to 8 (default 2)
   */
  static create(
    cache: NegativeCache,
    field: string,
    options: { groups: number; maxQueries: number; candidates?: number },
  ): CodedRows | null {
    const { groups, maxQueries, candidates = 2 } = options;
    checkGroups("CodedRows", cache.size, groups);
    const width = cache.size / groups;
    if (width % ROWS_PER_CHUNK !== 0 || width / ROWS_PER_CHUNK > 32_767 || cache.width(field) < AXES)
      return null;
    const layout = blockLayout(cache.size, groups);
    const loaded = loadGroupMaxima(addresses(layout, maxQueries).end);
    return loaded && new CodedRows(cache, field, layout, maxQueries, candidates, loaded);
  }

  /** Finds the axes of the present embeddings and codes every row anew. */
  refit(random: Random): void {
    const embeddings = this.embeddings();
    const step = Math.max(1, Math.floor(this.size / SAMPLE));
    const sample = new Float32Array(Math.ceil(this.size / step) * this.dim);
    for (let row = 0, to = 0; row < this.size; row += step, to += this.dim)
      sample.set(embeddings.subarray(row * this.dim, (row + 1) * this.dim), to);
    this.axes = principalAxes(sample, this.dim, AXES, random);
    const largest = this.project(sample).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    this.scale = largest === 0 ? 1 : 63 / largest;
    const codes = new Uint8Array(this.size * AXES);
    for (let row = 0; row < this.size; row += SAMPLE) {
      const end = Math.min(this.size, row + SAMPLE);
      const coordinates = this.project(embeddings.subarray(row * this.dim, end * this.dim));
      for (let i = 0; i < coordinates.length; i++) codes[row * AXES + i] = this.encode(coordinates[i]!);
    }
    this.blocks.writeAll(codes);
  }

  /** Codes rows anew whose embeddings have changed. */
  update(rows: ArrayLike<number>): void {
    const changed = this.cache.take(this.field, rows) as Float32Array;
    const codes = this.project(changed).map((coordinate) => this.encode(coordinate));
    for (let i = 0; i < rows.length; i++) this.blocks.write(rows[i]!, codes, i * AXES);
    this.blocks.sortNext();
  }

  embedding(row: number): Float32Array {
    return this.embeddings().slice(row * this.dim, (row + 1) * this.dim);
  }

  usable(row: number): boolean {
    return this.cache.written[row] !== 0;
  }

  groupMaxima(queries: Float32Array, k: number): GroupMaxima {
    const { dim, at } = this;
    const { groups, room, meanChunks } = this.layout;
    const count = queries.length / dim;
    if (k !== groups || count > this.maxQueries)
      throw new RangeError(
        `CodedRows: must be asked for ${groups} groups and at most ${this.maxQueries} queries, got ${k} and ${count}`,
      );
    const coordinates = this.project(queries);
    for (let q = 0; q < count; q++) this.encodeQuery(q, coordinates.subarray(q * AXES, (q + 1) * AXES));
    const chunks = room / ROWS_PER_CHUNK;
    const found = [groups, at.queries, count, at.scores, at.places];
    if (meanChunks === 0) this.kernels.groupMaxima(0, chunks, chunks, ...found);
    else this.kernels.blockMaxima(0, chunks, at.means, meanChunks, at.used, ...found, at.found);
    const scores = new Int16Array(this.buffer, at.scores, count * groups * 8);
    const places = new Int16Array(this.buffer, at.places, count * groups * 8);
    const out = { scores: new Float32Array(count * k).fill(-Infinity), columns: new Int32Array(count * k) };
    const lanes = new Int32Array(8);
    for (let cell = 0; cell < count * k; cell++) {
      const group = cell % groups;
      const query = (cell - group) / groups;
      out.columns[cell] = (group * this.size) / groups;
      this.bestLanes(scores, cell * 8, lanes);
      for (let c = 0; c < this.candidates; c++) {
        const row = this.blocks.row(group, places[cell * 8 + lanes[c]!]!, lanes[c]!);
        if (row < 0 || !this.usable(row)) continue;
        const score = this.dot(queries, query * dim, row);
        if (score > out.scores[cell]!) {
          out.scores[cell] = score;
          out.columns[cell] = row;
        }
      }
    }
    return out;
  }

  /** The first `candidates` lanes by falling score. */
  private bestLanes(scores: Int16Array, from: number, lanes: Int32Array): void {
    for (let lane = 0; lane < 8; lane++) lanes[lane] = lane;
    for (let c = 0; c < this.candidates; c++) {
      let best = c;
      for (let i = c + 1; i < 8; i++) if (scores[from + lanes[i]!]! > scores[from + lanes[best]!]!) best = i;
      const held = lanes[c]!;
      lanes[c] = lanes[best]!;
      lanes[best] = held;
    }
  }

  private dot(queries: Float32Array, from: number, row: number): number {
    const embeddings = this.embeddings();
    const at = row * this.dim;
    let [a, b, c, d] = [0, 0, 0, 0];
    let i = 0;
    for (; i + 4 <= this.dim; i += 4) {
      a += queries[from + i]! * embeddings[at + i]!;
      b += queries[from + i + 1]! * embeddings[at + i + 1]!;
      c += queries[from + i + 2]! * embeddings[at + i + 2]!;
      d += queries[from + i + 3]! * embeddings[at + i + 3]!;
    }
    for (; i < this.dim; i++) a += queries[from + i]! * embeddings[at + i]!;
    return a + b + (c + d);
  }

  /** Coordinates [n, 16] of rows [n, dim]. */
  private project(rows: Float32Array): Float32Array {
    const { dim } = this;
    let out = new Float32Array(0);
    // nothing but tensors may leave a tidy: it would walk through every number
    tf.tidy(() => {
      const left = tf.tensor2d(rows, [rows.length / dim, dim]);
      const right = tf.tensor2d(this.axes, [AXES, dim]);
      out = (tf.matMul(left, right, false, true).dataSync() as Float32Array).slice();
    });
    return out;
  }

  /** Codes are shifted by 64 into [1, 127]; that adds the same to all scores of a query. */
  private encode(coordinate: number): number {
    return 64 + Math.max(-63, Math.min(63, Math.round(coordinate * this.scale)));
  }

  private encodeQuery(query: number, coordinates: Float32Array): void {
    const reach = coordinates.reduce((sum, x) => sum + Math.abs(x), 0);
    // rounding may add half a step per axis
    const scale = reach === 0 ? 0 : (QUERY_REACH - AXES / 2) / reach;
    const bytes = new Int8Array(this.buffer, this.at.queries + query * 128, 128);
    for (let axis = 0; axis < AXES; axis++) {
      const code = Math.max(-127, Math.min(127, Math.round(coordinates[axis]! * scale)));
      for (let lane = 0; lane < 8; lane++) bytes[(axis >> 1) * 16 + lane * 2 + (axis & 1)] = code;
    }
  }

  private embeddings(): Float32Array {
    return this.cache.data[this.field] as Float32Array;
  }
}

/** Where things stand in the kernels' memory, in bytes; codes come first. */
interface Addresses {
  means: number;
  used: number;
  found: number;
  queries: number;
  scores: number;
  places: number;
  end: number;
}

function addresses({ groups, room, meanChunks }: BlockLayout, maxQueries: number): Addresses {
  const means = groups * room * AXES;
  const used = means + groups * meanChunks * CHUNK_BYTES;
  const found = used + Math.ceil(groups / 4) * 16;
  const queries = found + 16;
  const scores = queries + maxQueries * 128;
  const places = scores + maxQueries * groups * 16;
  return { means, used, found, queries, scores, places, end: places + maxQueries * groups * 16 };
}
