import { encodeAll } from "../encoders/encode-all.js";
import type { Encoder, EncoderSpec } from "../encoders/encoder.js";
import { exportEncoder } from "../encoders/onnx/export-encoder.js";
import { OnnxEncoder } from "../encoders/onnx/onnx-encoder.js";
import type { FeatureBatch } from "../features/batch.js";
import type { Listener } from "./progress.js";

/** Embeddings of a whole batch, [batch.size, outputDim]. */
export type Embedder = (batch: FeatureBatch, side: "query" | "document") => Promise<Float32Array>;

/**
 * Embeds by an encoder's present weights: in tfjs, or by ONNX Runtime, which is faster for transformers and agrees to
 * rounding. The ONNX file is made anew for every call, because weights change between calls.
 *
 * @param spec what the encoder was made from; asked for by "onnx" alone
 * @throws RangeError for "onnx" and an encoder without an exporter
 */
export function embedderOf(
  encoder: Encoder,
  spec: () => EncoderSpec,
  runtime: "tfjs" | "onnx",
  listener: Listener = {},
): Embedder {
  if (runtime === "tfjs") return async (batch, side) => encodeAll(encoder, batch, side);
  let known: EncoderSpec | null = null;
  return async (batch, side) => {
    known ??= spec();
    const session = await OnnxEncoder.open(exportEncoder(encoder, known, side));
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
