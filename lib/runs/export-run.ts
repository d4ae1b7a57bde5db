import path from "node:path";
import { writeTransformerFolder } from "../encoders/pretrained/transformer-folder.js";
import { namedWeights, TransformerEncoder } from "../encoders/transformer/transformer-encoder.js";
import type { Listener } from "../engine/progress.js";
import { encoderSpec } from "../experiment/specs.js";
import { createVectorizer } from "../experiment/vectorizers.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";
import { WordPieceVectorizer } from "../tokenizer/wordpiece/word-piece-vectorizer.js";
import { writeOnnx } from "../training/fit/write-onnx.js";
import { exportVectorizer } from "./exported-vectorizer.js";

/**
 * Writes a run's encoder for use elsewhere: `query.onnx` and `document.onnx` with `onnx.json` (what their inputs are) and
 * `vectorizer.json` (how a text becomes them; see openQueryEncoder), and a transformer's sides in Hugging Face's layout (`transformer/`, or `query/` and `document/` where they differ).
 *
 * @returns the files, the ONNX ones first
 */
export async function exportRun(
  dir: string,
  outDir: string,
  options: { checkpoint?: string; listener?: Listener } = {},
): Promise<string[]> {
  const { config, encoder } = await openEncoder(dir, options);
  try {
    const more = { run: dir, textVectorizer: config.text_vectorizer };
    const files = writeOnnx(encoder, encoderSpec(config), outDir, more);
    const vectorizer = createVectorizer(config);
    if (!(encoder instanceof TransformerEncoder) || !(vectorizer instanceof WordPieceVectorizer))
      return [...files, ...exportVectorizer(config, outDir, null)];
    const { query, document } = encoder.models;
    const folders = query === document ? { transformer: query } : { query, document };
    for (const [name, model] of Object.entries(folders)) {
      const folder = path.join(outDir, name);
      const weights = Object.fromEntries(
        Object.entries(namedWeights(model)).map(([key, { shape, data }]) => [key, { shape, data }]),
      );
      writeTransformerFolder(folder, {
        ...encoder.spec,
        maxLength: vectorizer.length,
        tokenizer: vectorizer.tokenizer,
        weights,
      });
      files.push(path.join(folder, "model.safetensors"));
    }
    return [...files, ...exportVectorizer(config, outDir, query === document ? "transformer" : "query")];
  } finally {
    encoder.dispose();
  }
}
