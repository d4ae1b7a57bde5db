import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import type { CachedRows } from "./cached-rows.js";
import { type GroupMaximaKernels, loadGroupMaxima } from "./kernels/load-kernel.js";
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
  /** 1 for rows that may be found, in the kernels' memory */
  private readonly written: Uint8Array;
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
    this.at = addresses(layout, this.dim, maxQueries);
    const { means, used, found, rowAt, usable, embeddings } = this.at;
    this.blocks = new RowBlocks(
      layout,
      new Uint8Array(this.buffer, 0, means),
      new Uint8Array(this.buffer, means, used - means),
      new Int32Array(this.buffer, used, (found - used) / 4),
      new Int32Array(this.buffer, rowAt, layout.groups * layout.room),
    );
    this.written = new Uint8Array(this.buffer, usable, this.size);
    this.written.set(cache.written);
    cache.move(field, new Float32Array(this.buffer, embeddings, this.size * this.dim));
    this.axes = new Float32Array(AXES * this.dim);
  }

  /**
   * Codes for the `field` of a cache, or null where the runtime lacks relaxed SIMD or the groups are not multiples of
   * 8 rows of at most 2^18: search exactly then. The field moves into the kernels' memory, so codes made earlier for the
   * same field can no longer be searched.
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
    if (!(Number.isInteger(candidates) && candidates >= 1 && candidates <= ROWS_PER_CHUNK))
      throw new UserError(`CodedRows: candidates must be an integer from 1 to 8, got ${candidates}`);
    const width = cache.size / groups;
    if (width % ROWS_PER_CHUNK !== 0 || width / ROWS_PER_CHUNK > 32_767 || cache.width(field) < AXES)
      return null;
    const layout = blockLayout(cache.size, groups);
    const loaded = loadGroupMaxima(addresses(layout, cache.width(field), maxQueries).end);
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
    this.written.set(this.cache.written);
    const codes = new Uint8Array(this.size * AXES);
    for (let row = 0; row < this.size; row += SAMPLE) {
      const end = Math.min(this.size, row + SAMPLE);
      this.encode(embeddings.subarray(row * this.dim, end * this.dim), codes, row * AXES);
    }
    this.blocks.writeAll(codes);
  }

  /** Codes rows anew whose embeddings have changed. */
  update(rows: ArrayLike<number>): void {
    const changed = this.cache.take(this.field, rows) as Float32Array;
    const codes = new Uint8Array(rows.length * AXES);
    this.encode(changed, codes, 0);
    for (let i = 0; i < rows.length; i++) {
      this.blocks.write(rows[i]!, codes, i);
      this.written[rows[i]!] = this.cache.written[rows[i]!]!;
    }
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
    const { groups, width, room, meanChunks } = this.layout;
    const count = queries.length / dim;
    if (k !== groups || count > this.maxQueries)
      throw new UserError(
        `CodedRows: must be asked for ${groups} groups and at most ${this.maxQueries} queries, got ${k} and ${count}`,
      );
    this.embeddings();
    const coordinates = this.project(queries);
    for (let q = 0; q < count; q++) this.encodeQuery(q, coordinates.subarray(q * AXES, (q + 1) * AXES));
    const chunks = room / ROWS_PER_CHUNK;
    const found = [groups, at.queries, count, at.scores, at.places];
    if (meanChunks === 0) this.kernels.groupMaxima(0, chunks, chunks, ...found);
    else this.kernels.blockMaxima(0, chunks, at.means, meanChunks, at.used, ...found, at.found);
    new Float32Array(this.buffer, at.floats, queries.length).set(queries);
    const rows = [at.rowAt, chunks, at.usable, at.embeddings, dim, width, groups];
    const asked = [at.floats, count, this.candidates, at.exact, at.rows];
    this.kernels.exactMaxima(at.scores, at.places, ...rows, ...asked);
    return {
      scores: new Float32Array(this.buffer, at.exact, count * k).slice(),
      columns: new Int32Array(this.buffer, at.rows, count * k).slice(),
    };
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

  /** Codes of rows [n, dim], shifted by 64 into [1, 127]; that adds the same to all scores of a query. */
  private encode(rows: Float32Array, codes: Uint8Array, to: number): void {
    const coordinates = this.project(rows);
    for (let i = 0; i < coordinates.length; i++)
      codes[to + i] = 64 + Math.max(-63, Math.min(63, Math.round(coordinates[i]! * this.scale)));
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
    const embeddings = this.cache.data[this.field] as Float32Array;
    if (embeddings.buffer !== this.buffer)
      throw new UserError(
        `CodedRows: the field "${this.field}" must not have moved, got other codes for it since`,
      );
    return embeddings;
  }
}

/** Where things stand in the kernels' memory, in bytes; codes come first. */
interface Addresses {
  means: number;
  used: number;
  found: number;
  rowAt: number;
  usable: number;
  embeddings: number;
  queries: number;
  floats: number;
  scores: number;
  places: number;
  exact: number;
  rows: number;
  end: number;
}

function addresses(
  { groups, width, room, meanChunks }: BlockLayout,
  dim: number,
  maxQueries: number,
): Addresses {
  const means = groups * room * AXES;
  const used = means + groups * meanChunks * CHUNK_BYTES;
  const found = used + Math.ceil(groups / 4) * 16;
  const rowAt = found + 16;
  const usable = rowAt + groups * room * 4;
  const embeddings = usable + Math.ceil((groups * width) / 16) * 16;
  const queries = embeddings + groups * width * dim * 4;
  const floats = queries + maxQueries * CHUNK_BYTES;
  const scores = floats + maxQueries * dim * 4;
  const places = scores + maxQueries * groups * 16;
  const exact = places + maxQueries * groups * 16;
  const rows = exact + maxQueries * groups * 4;
  const end = rows + maxQueries * groups * 4;
  return { means, used, found, rowAt, usable, embeddings, queries, floats, scores, places, exact, rows, end };
}
