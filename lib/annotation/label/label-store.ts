import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { Listener } from "../../engine/progress.js";
import type { FeatureReaders } from "../../experiment/feature-readers.js";
import { type FeatureBatch, takeRows } from "../../features/batch.js";
import type { FeaturePipeline } from "../../features/feature-pipeline.js";
import { normalizedRows } from "../../retrieval/indexes/unit-rows.js";
import type { Side } from "../../training/objectives/batch-task.js";
import type { DocumentRows } from "./document-rows.js";

type Row = Readonly<Record<string, string>>;

/** How one side's rows become what the encoder reads. */
export interface SideReading {
  side: Side;
  rows: DocumentRows;
  pipeline: FeaturePipeline;
  readers: FeatureReaders;
}

/**
 * Rows with their ids, read once, and their embeddings of length 1, each as old as the last time that it was asked for: after a
 * step of training all are out of date, and whoever needs some has those embedded anew.
 */
export class LabelStore {
  readonly rows: Row[] = [];
  readonly ids: string[] = [];
  private readonly places = new Map<string, number>();
  private readonly chunks: { from: number; batch: FeatureBatch }[] = [];
  private vectors = new Float32Array(0);
  private fresh = new Uint8Array(0);

  constructor(
    readonly reading: SideReading,
    private readonly encoder: Encoder,
  ) {}

  get dim(): number {
    return this.encoder.outputDim;
  }

  /** The position of an id, −1 for none. */
  find(id: string | undefined): number {
    return id === undefined ? -1 : (this.places.get(id) ?? -1);
  }

  /** Adds rows whose ids are new. */
  async add(rows: readonly Row[], ids: readonly string[], listener: Listener = {}): Promise<void> {
    if (rows.length === 0) return;
    const batch = await readRows(this.reading, rows, listener);
    const from = this.rows.length;
    this.chunks.push({ from, batch });
    rows.forEach((row, i) => {
      this.places.set(ids[i]!, from + i);
      this.rows.push(row);
      this.ids.push(ids[i]!);
    });
    const vectors = new Float32Array(this.rows.length * this.dim);
    vectors.set(this.vectors);
    this.vectors = vectors;
    const fresh = new Uint8Array(this.rows.length);
    fresh.set(this.fresh);
    this.fresh = fresh;
  }

  /** The encoder has moved. */
  outdate(): void {
    this.fresh.fill(0);
  }

  /** All embeddings, [N, dim], some perhaps of an earlier encoder. */
  get embeddings(): Float32Array {
    return this.vectors;
  }

  /** Features of some rows. */
  read(positions: ArrayLike<number>): FeatureBatch {
    const [first] = this.chunks;
    const inFirst = first !== undefined && Math.max(...Array.from(positions)) < first.batch.size;
    if (inFirst) return takeRows(first.batch, positions);
    return this.reading.pipeline.encode(Array.from(positions, (at) => this.rows[at]!));
  }

  /** Embeds those of the rows that are out of date, all of them by default. */
  refresh(positions: ArrayLike<number> | null = null, listener: Listener = {}): void {
    const { dim } = this;
    const onProgress = (done: number, total: number) =>
      listener.progress?.({ task: "embedding documents", done, total, unit: "documents" });
    for (const [c, { from, batch }] of this.chunks.entries()) {
      const to = this.chunks[c + 1]?.from ?? this.rows.length;
      const stale: number[] = [];
      if (positions === null) for (let at = from; at < to; at++) this.note(at, from, stale);
      else for (let i = 0; i < positions.length; i++) this.noteWithin(positions[i]!, from, to, stale);
      if (stale.length === 0) continue;
      const part = stale.length === batch.size ? batch : takeRows(batch, stale);
      const embedded = normalizedRows(encodeAll(this.encoder, part, this.reading.side, { onProgress }), dim);
      stale.forEach((row, i) => {
        this.vectors.set(embedded.subarray(i * dim, (i + 1) * dim), (from + row) * dim);
        this.fresh[from + row] = 1;
      });
    }
  }

  /** Present embeddings of some rows, [n, dim]. */
  take(positions: ArrayLike<number>): Float32Array {
    this.refresh(positions);
    return this.rowsOf(positions);
  }

  /** Embeddings of some rows as they are, [n, dim]. */
  rowsOf(positions: ArrayLike<number>): Float32Array {
    const { dim } = this;
    const taken = new Float32Array(positions.length * dim);
    for (let i = 0; i < positions.length; i++)
      taken.set(this.vectors.subarray(positions[i]! * dim, (positions[i]! + 1) * dim), i * dim);
    return taken;
  }

  private noteWithin(at: number, from: number, to: number, stale: number[]): void {
    if (at >= from && at < to) this.note(at, from, stale);
  }

  private note(at: number, from: number, stale: number[]): void {
    if (this.fresh[at] === 0) stale.push(at - from);
  }
}

/** Rows as the encoder reads them, their pictures decoded first. */
export async function readRows(
  { readers, pipeline }: SideReading,
  rows: readonly Row[],
  listener: Listener = {},
): Promise<FeatureBatch> {
  await readers.prepare(rows, listener);
  return pipeline.encode(rows);
}
