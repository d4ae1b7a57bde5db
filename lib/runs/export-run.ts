import path from "node:path";
import { exportEncoder } from "../encoders/onnx/export-encoder.js";
import { writeTransformerFolder } from "../encoders/pretrained/transformer-folder.js";
import { namedWeights, TransformerEncoder } from "../encoders/transformer/transformer-encoder.js";
import type { Listener } from "../engine/progress.js";
import { encoderSpec } from "../experiment/specs.js";
import { createVectorizer } from "../experiment/vectorizers.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { makeFolder } from "../files/make-folder.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";
import { WordPieceVectorizer } from "../tokenizer/wordpiece/word-piece-vectorizer.js";
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
    const files: string[] = [];
    const description: Record<string, unknown> = { run: dir, textVectorizer: config.text_vectorizer };
    makeFolder(outDir);
    for (const side of ["query", "document"] as const) {
      const { bytes, ...rest } = exportEncoder(encoder, encoderSpec(config), side);
      const file = path.join(outDir, `${side}.onnx`);
      atomicWriteFile(file, bytes);
      files.push(file);
      description[side] = rest;
    }
    const json = path.join(outDir, "onnx.json");
    atomicWriteFile(json, `${JSON.stringify(description, null, 2)}\n`);
    files.push(json);
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
