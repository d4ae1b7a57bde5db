import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { OnnxBatchEncoder } from "../../encoders/batch-encoder.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { Listener } from "../../engine/progress.js";
import { configCleaning } from "../../experiment/config-cleaning.js";
import type { LoadedExperiment } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { asWritten, type TextCleaning } from "../../tokenizer/text-cleaning.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { DenseRetriever } from "./dense-retriever.js";
import { DiskRetriever } from "./disk-retriever.js";
import type { Retriever } from "./retriever.js";

/**
 * Search by a finished run's encoder. With encode_with "onnx" the documents' embeddings are kept in the run's folder
 * `embeddings/`, so that they are made once for evaluation, fusion and search, and go on where they were interrupted.
 *
 * @param options.checkpoint the weights are of this checkpoint
 */
export function runRetriever(
  run: RunFolder,
  config: ExperimentConfig,
  encoder: Encoder,
  features: LoadedExperiment["features"],
  options: { checkpoint?: string; listener?: Listener } = {},
): { retriever: Retriever; close(): void } {
  const { similarity, encode_with: runtime } = config.recall_validation;
  if (runtime === "tfjs")
    return {
      retriever: new DenseRetriever({ encoder, ...features }, similarity),
      close: () => {},
    };
  const { retriever, embedder } = diskRetrieverOf(run, config, encoder, features, options);
  return {
    retriever,
    close: () => {
      retriever.close();
      void embedder.close();
    },
  };
}

/** {@link runRetriever} with embeddings on disk, and what embeds. The caller closes both. */
export function diskRetrieverOf(
  run: RunFolder,
  config: ExperimentConfig,
  encoder: Encoder,
  features: LoadedExperiment["features"],
  options: { checkpoint?: string; listener?: Listener } = {},
): { retriever: DiskRetriever; embedder: OnnxBatchEncoder } {
  const embedder = new OnnxBatchEncoder(encoder, () => encoderSpec(config), config.provider);
  const weights = createHash("sha256").update(fs.readFileSync(options.checkpoint ?? run.model));
  const retriever = new DiskRetriever(
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
  return { retriever, embedder };
}

/** How queries reach the encoder: cleaned, as its vectoriser reads them, or as they stand where it reads word-pieces. */
export function encoderPreparation(config: ExperimentConfig): {
  prepare: (text: string) => string;
  cleaning: TextCleaning;
} {
  const cleaning = configCleaning(config);
  const { type } = config.text_vectorizer;
  return { prepare: type === "word_pieces" ? asWritten : cleaning.clean, cleaning };
}
