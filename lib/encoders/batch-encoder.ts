import type { GraphProvider } from "../engine/graph-provider.js";
import type { Listener } from "../engine/progress.js";
import type { FeatureBatch } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import { encodeAll } from "./encode-all.js";
import type { Encoder, EncoderSpec } from "./encoder.js";
import { exportEncoder } from "./onnx/export-encoder.js";
import type { ExportedSide } from "./onnx/exported-side.js";
import { OnnxEncoder } from "./onnx/onnx-encoder.js";

type Side = "query" | "document";

/** Embeddings of a whole batch, [batch.size, outputDim]. */
export type BatchEncoder = (batch: FeatureBatch, side: Side) => Promise<Float32Array>;

/** An encoder with the weights it had when it was first asked, running in ONNX Runtime. */
export class OnnxBatchEncoder {
  private readonly sessions = new Map<Side, OnnxEncoder>();

  /** @param spec what the encoder was made from */
  constructor(
    private readonly encoder: Encoder,
    private readonly spec: () => EncoderSpec,
    private readonly provider: GraphProvider = "cpu",
  ) {}

  /** @throws RangeError for an encoder without an exporter */
  readonly embed: BatchEncoder = async (batch, side) => {
    let session = this.sessions.get(side);
    if (!session) {
      session = await this.open(exportEncoder(this.encoder, this.spec(), side));
      this.sessions.set(side, session);
    }
    return session.encodeAll(batch);
  };

  /** Where a machine lacks the provider that a run was trained with, its processor embeds. */
  private async open(side: ExportedSide): Promise<OnnxEncoder> {
    if (this.provider === "cpu") return OnnxEncoder.open(side);
    try {
      return await OnnxEncoder.open(side, { provider: this.provider });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      console.warn(`${error.message}; the processor embeds`);
      return OnnxEncoder.open(side);
    }
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.dispose();
    this.sessions.clear();
  }
}

/**
 * Embeds by an encoder's present weights: in tfjs, or by ONNX Runtime, which is faster for transformers and agrees to
 * rounding. The ONNX file is made anew for every call, because weights change between calls.
 *
 * @param spec what the encoder was made from; asked for by "onnx" alone
 * @param provider where ONNX Runtime runs
 * @throws RangeError for "onnx" and an encoder without an exporter
 */
export function batchEncoderOf(
  encoder: Encoder,
  spec: () => EncoderSpec,
  runtime: "tfjs" | "onnx",
  listener: Listener = {},
  provider: GraphProvider = "cpu",
): BatchEncoder {
  if (runtime === "tfjs") return async (batch, side) => encodeAll(encoder, batch, side);
  return async (batch, side) => {
    const session = await OnnxEncoder.open(exportEncoder(encoder, spec(), side), { provider });
    const task = side === "query" ? "embedding queries" : "embedding documents";
    try {
      return await session.encodeAll(batch, {
        onProgress: (done, total) => listener.progress?.({ task, done, total, unit: "texts" }),
      });
    } finally {
      await session.dispose();
    }
  };
}
