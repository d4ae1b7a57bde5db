import { readText } from "../config/yaml-with-schema.js";
import { UserError } from "../files/user-error.js";

/** What a YAML file of this workspace is for, told by its top-level keys. */
export type FileKind = "encoder" | "bm25" | "fusion" | "sweep";

const commands: Record<FileKind, string> = {
  encoder: "an experiment, for qdrl train",
  bm25: "a BM25 baseline, for qdrl train",
  fusion: "a fusion of two runs, for qdrl train",
  sweep: "a sweep, for qdrl sweep",
};

/**
 * Refuses a file of another kind than wanted in one line, where its keys would be refused one by one.
 *
 * @throws RangeError naming what it is and which command takes it
 */
export function checkKind(file: string, wanted: FileKind): void {
  const kind = kindOfText(readText(file));
  if (kind !== null && kind !== wanted)
    throw new UserError(`${file}: must be ${commands[wanted]}, got ${commands[kind]}`);
}

function kindOfText(text: string): FileKind | null {
  const has = (key: string) => new RegExp(`^${key}:`, "m").test(text);
  const system = /^system:\s*(\w+)/m.exec(text)?.[1];
  if (system === "bm25" || system === "fusion") return system;
  if (has("base") && (has("grid") || has("rows"))) return "sweep";
  return has("model") && has("dataset") ? "encoder" : null;
}
