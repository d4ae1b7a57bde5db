import * as ort from "onnxruntime-node";
import { type FeatureBatch, takeRows } from "../../features/batch.js";
import { rowBatches } from "../encode-all.js";
import { type ExportedSide, embeddingOutput } from "./exported-side.js";
import { feedOf } from "./feeds.js";

/** One side of an encoder running in ONNX Runtime. */
export class OnnxEncoder {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly side: Omit<ExportedSide, "bytes">,
  ) {}

  get outputDim(): number {
    return this.side.outputDim;
  }

  /** @param options.threads within an operator; default: ONNX Runtime's choice (all cores) */
  static async open(side: ExportedSide, options: { threads?: number } = {}): Promise<OnnxEncoder> {
    const session = await ort.InferenceSession.create(side.bytes, {
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
    const { bytes: _bytes, ...rest } = side;
    return new OnnxEncoder(session, rest);
  }

  /**
   * Embeds every row; texts read as word-pieces are taken shortest first (see encodeAll).
   *
   * @returns [batch.size, outputDim], in the batch's order
   */
  async encodeAll(
    batch: FeatureBatch,
    options: { batchSize?: number; onProgress?: (done: number, total: number) => void } = {},
  ): Promise<Float32Array> {
    const batchSize = options.batchSize ?? 1024;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new RangeError(`OnnxEncoder: batchSize must be a positive integer, got ${batchSize}`);
    const dim = this.outputDim;
    const out = new Float32Array(batch.size * dim);
    let done = 0;
    for (const rows of rowBatches(batch, batchSize)) {
      const feeds = this.feeds(takeRows(batch, rows));
      const result = await this.session.run(feeds);
      const values = result[embeddingOutput]!.data as Float32Array;
      for (let i = 0; i < rows.length; i++) out.set(values.subarray(i * dim, (i + 1) * dim), rows[i]! * dim);
      done += rows.length;
      options.onProgress?.(done, batch.size);
    }
    return out;
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }

  private feeds(batch: FeatureBatch): Record<string, ort.Tensor> {
    const { inputs, padId } = this.side;
    return Object.fromEntries(inputs.map((input) => [input.name, feedOf(input, batch, padId)]));
  }
}
