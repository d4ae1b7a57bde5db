import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { ExperimentConfig } from "../config/schema.js";
import type { Encoder } from "../encoders/encoder.js";
import { OnnxEmbedder } from "./embedder.js";
import type { Ranker } from "./evaluate.js";
import type { LoadedExperiment } from "./load-experiment.js";
import type { Listener } from "./progress.js";
import { DenseRanker } from "./rankers.js";
import type { RunFolder } from "./run-folder.js";
import { encoderSpec } from "./specs.js";
import { StoredRanker } from "./stored-ranker.js";

/**
 * Search by a finished run's encoder. With encode_with "onnx" the documents' embeddings are kept in the run's folder
 * `embeddings/`, so that they are made once for evaluation, fusion and search, and go on where they were interrupted.
 *
 * @param options.checkpoint the weights are of this checkpoint
 */
export function runRanker(
  run: RunFolder,
  config: ExperimentConfig,
  encoder: Encoder,
  features: LoadedExperiment["features"],
  options: { checkpoint?: string; listener?: Listener } = {},
): { ranker: Ranker; close(): void } {
  const { similarity, encode_with: runtime } = config.recall_validation;
  if (runtime === "tfjs")
    return {
      ranker: new DenseRanker({ encoder, ...features }, similarity),
      close: () => {},
    };
  const { ranker, embedder } = storedRankerOf(run, config, encoder, features, options);
  return {
    ranker,
    close: () => {
      ranker.close();
      void embedder.close();
    },
  };
}

/** {@link runRanker} with embeddings on disk, and what embeds. The caller closes both. */
export function storedRankerOf(
  run: RunFolder,
  config: ExperimentConfig,
  encoder: Encoder,
  features: LoadedExperiment["features"],
  options: { checkpoint?: string; listener?: Listener } = {},
): { ranker: StoredRanker; embedder: OnnxEmbedder } {
  const embedder = new OnnxEmbedder(encoder, () => encoderSpec(config));
  const weights = createHash("sha256").update(fs.readFileSync(options.checkpoint ?? run.model));
  const ranker = new StoredRanker(
    {
      dir: path.join(run.dir, "embeddings"),
      key: `weights ${weights.digest("hex").slice(0, 16)}`,
      outputDim: encoder.outputDim,
      embed: embedder.embed,
      ...features,
      ...(options.listener && { listener: options.listener }),
      onEncoded: (seconds, count) =>
        run.appendTiming({ epoch: config.num_epochs, name: "encode", seconds, count }),
    },
    config.recall_validation.similarity,
  );
  return { ranker, embedder };
}

/** How queries reach the encoder: cleaned, as its vectoriser reads them, or as they stand where it reads word-pieces. */
export function encoderPreparation({ text_vectorizer: text }: ExperimentConfig): {
  prepare?: (text: string) => string;
} {
  return text.type === "word_pieces" ? { prepare: (query) => query } : {};
}
