import fs from "node:fs";
import path from "node:path";
import { readTokenizer } from "../encoders/pretrained/transformer-folder.js";
import { configCleaning } from "../experiment/config-cleaning.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { type VectorizerSpec, vectorizerOf } from "../experiment/stream/stream-vectorizer.js";
import { vectorizerSpec } from "../experiment/vectorizers.js";
import { TokenReader } from "../features/token-reader.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { packageFile } from "../files/package-files.js";
import { UserError } from "../files/user-error.js";
import type { CleaningName } from "../tokenizer/text-cleaning.js";
import type { TextVectorizer } from "../tokenizer/text-vectorizer.js";

/** What `vectorizer.json` says: how a text becomes the ids that query.onnx and document.onnx read. */
type ExportedVectorizer =
  | (Omit<Extract<VectorizerSpec, { dictionary: unknown }>, "dictionary"> & {
      dictionary: Record<string, number>;
    })
  | Extract<VectorizerSpec, { kind: "hashing" }>
  | { kind: "word_pieces"; folder: string; maxLength: number; cleaning: CleaningName };

/**
 * Writes how texts are read beside an exported encoder: `vectorizer.json` with the whole dictionary, and for Python
 * `query_encoder.py`, which reads it.
 *
 * @param tokenizerFolder  of a transformer in Hugging Face's layout, below the folder; null for bags
 * @returns the files
 */
export function exportVectorizer(
  config: ExperimentConfig,
  outDir: string,
  tokenizerFolder: string | null,
): string[] {
  const spec = vectorizerSpec(config);
  let exported: ExportedVectorizer;
  if (spec === null) {
    const { max_length: maxLength } = config.text_vectorizer as { max_length: number };
    if (tokenizerFolder === null) return [];
    exported = {
      kind: "word_pieces",
      folder: tokenizerFolder,
      maxLength,
      cleaning: configCleaning(config).name,
    };
  } else
    exported = spec.kind === "hashing" ? spec : { ...spec, dictionary: Object.fromEntries(spec.dictionary) };
  const file = path.join(outDir, "vectorizer.json");
  atomicWriteFile(file, `${JSON.stringify(exported)}\n`);
  const python = path.join(outDir, "query_encoder.py");
  atomicWriteFile(python, fs.readFileSync(packageFile("lib/runs/query_encoder.py")));
  return [file, python];
}

/** Reads what {@link exportVectorizer} wrote. @throws UserError if it is not there */
export function importVectorizer(dir: string): { vectorizer: TextVectorizer } | { tokens: TokenReader } {
  const file = path.join(dir, "vectorizer.json");
  if (!fs.existsSync(file))
    throw new UserError(`${dir}: must be a folder of an exported encoder, found no vectorizer.json`);
  const exported = JSON.parse(fs.readFileSync(file, "utf8")) as ExportedVectorizer;
  if (exported.kind === "word_pieces") {
    const tokenizer = readTokenizer(path.join(dir, exported.folder));
    return { tokens: new TokenReader(tokenizer, exported.maxLength, exported.cleaning) };
  }
  if (exported.kind === "hashing") return { vectorizer: vectorizerOf(exported) };
  const dictionary = new Map(Object.entries(exported.dictionary));
  return { vectorizer: vectorizerOf({ ...exported, dictionary } as unknown as VectorizerSpec) };
}
