import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { selectBackend } from "../../engine/backend.js";
import { Random } from "../../engine/random/random.js";
import { TokenReader } from "../../features/token-reader.js";
import { withFolderLock } from "../../files/folder-lock.js";
import { KeyedVectors } from "../../files/keyed-vectors.js";
import { exportTransformer } from "../onnx/export-transformer.js";
import { OnnxEncoder } from "../onnx/onnx-encoder.js";
import { TransformerEncoder } from "../transformer/transformer-encoder.js";
import { type PretrainedTransformer, readTransformerFolder } from "./transformer-folder.js";

const COLUMN = "text";
/** Texts embedded and written at a time: what an interruption can lose. */
const BLOCK = 512;

/**
 * Embeddings of texts by a pretrained transformer as it is, with its own pooling and length, by ONNX Runtime. Every text
 * that a model has ever embedded is kept in the folder `.vectors` beside it, so only new texts cost anything, whatever data set they are of,
 * and an interrupted call goes on behind its last block.
 *
 * @param modelDir  as `qdrl model import` writes it
 * @param options.threads  of ONNX Runtime. Default: all cores
 * @returns [texts, dim], row by row, as the model makes them (not made unit vectors)
 * @throws RangeError if the folder holds no transformer that can be read
 */
export async function embedTexts(
  modelDir: string,
  texts: readonly string[],
  options: {
    threads?: number;
    onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<{ vectors: Float32Array; dim: number }> {
  const { threads, onProgress } = options;
  const pretrained = readTransformerFolder(modelDir);
  const dim = pretrained.architecture.hiddenSize;
  const name = `${path.basename(modelDir)}-${fingerprintOf(modelDir)}`;
  const folder = path.join(path.dirname(modelDir), ".vectors", name);
  return withFolderLock(folder, async () => {
    const kept = KeyedVectors.open(folder, dim);
    try {
      const missing = [...new Set(texts)].filter((text) => !kept.has(text));
      if (missing.length > 0) {
        const { embed, close } = await openTransformer(pretrained, threads);
        for (let from = 0; from < missing.length; from += BLOCK) {
          const block = missing.slice(from, from + BLOCK);
          kept.append(block, await embed(block));
          onProgress?.(from + block.length, missing.length);
        }
        await close();
      }
      return { vectors: kept.of(texts), dim };
    } finally {
      kept.close();
    }
  });
}

/** What decides a model's vectors: weights, vocabulary, pooling and length. */
function fingerprintOf(modelDir: string): string {
  const hash = createHash("sha256");
  const files = fs.readdirSync(modelDir, { recursive: true, encoding: "utf8" }).sort();
  for (const name of files) {
    const file = path.join(modelDir, name);
    if (!/\.(json|txt|safetensors)$/.test(name) || !fs.statSync(file).isFile()) continue;
    hash.update(`${name}\n`).update(createHash("sha256").update(fs.readFileSync(file)).digest());
  }
  return hash.digest("hex").slice(0, 16);
}

async function openTransformer(pretrained: PretrainedTransformer, threads: number | undefined) {
  await selectBackend();
  const sides = { sides: "shared", queryTextFeature: COLUMN, documentTextFeature: COLUMN } as const;
  const encoder = new TransformerEncoder(
    { ...pretrained, ...sides, initial: pretrained.weights },
    new Random(1),
  );
  const session = await OnnxEncoder.open(
    exportTransformer(encoder, "document"),
    threads === undefined ? {} : { threads },
  );
  encoder.dispose();
  const reader = new TokenReader(pretrained.tokenizer, pretrained.maxLength);
  return {
    embed: (texts: readonly string[]) =>
      session.encodeAll({ size: texts.length, columns: { [COLUMN]: reader.read(texts) } }, { batchSize: 64 }),
    close: () => session.dispose(),
  };
}
