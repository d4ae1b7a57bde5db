import { exportTransformer } from "../../encoders/onnx/export-transformer.js";
import { OnnxEncoder } from "../../encoders/onnx/onnx-encoder.js";
import { readTransformerFolder } from "../../encoders/pretrained/transformer-folder.js";
import { TransformerEncoder } from "../../encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../engine/backend.js";
import { Random } from "../../engine/random/random.js";
import { TokenReader } from "../../features/token-reader.js";
import { VectorStore } from "../../files/vector-store.js";
import { encodeCorpus } from "./encode-corpus.js";

const COLUMN = "text";

/**
 * Embeddings of texts by a pretrained transformer as it is, with its own pooling and length, by ONNX Runtime. They are kept
 * in a store, so that a second call reads them, and one that was interrupted goes on.
 *
 * @param modelDir  as `qdrl model import` writes it
 * @param store     folder of the store, and what its vectors are of: another key is refused
 * @returns [texts, dim], row by row
 */
export async function encodeTexts(
  modelDir: string,
  texts: readonly string[],
  store: { dir: string; key: string; onProgress?: (done: number, total: number) => void },
): Promise<{ vectors: Float32Array; dim: number }> {
  const pretrained = readTransformerFolder(modelDir);
  const dim = pretrained.architecture.hiddenSize;
  const kept = VectorStore.open(store.dir, { dim, rows: texts.length, key: store.key });
  try {
    if (!kept.complete) {
      await selectBackend();
      const sides = { sides: "shared", queryTextFeature: COLUMN, documentTextFeature: COLUMN } as const;
      const encoder = new TransformerEncoder(
        { ...pretrained, ...sides, initial: pretrained.weights },
        new Random(1),
      );
      const session = await OnnxEncoder.open(exportTransformer(encoder, "document"));
      encoder.dispose();
      const reader = new TokenReader(pretrained.tokenizer, pretrained.maxLength);
      await encodeCorpus({
        store: kept,
        features: (from, count) => ({
          size: count,
          columns: { [COLUMN]: reader.read(texts.slice(from, from + count)) },
        }),
        embed: (batch) => session.encodeAll(batch, { batchSize: 64 }),
        blockRows: 512,
        ...(store.onProgress === undefined ? {} : { onProgress: store.onProgress }),
      });
      await session.dispose();
    }
    return { vectors: kept.rows(0, texts.length), dim };
  } finally {
    kept.close();
  }
}
