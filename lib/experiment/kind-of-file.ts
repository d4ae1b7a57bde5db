import type { Inherited } from "../config/base-layers.js";
import { UserError } from "../files/user-error.js";

const kinds = {
  encoder: "an experiment, for qdrl train",
  bm25: "a BM25 baseline, for qdrl train",
  neighbours: "a search among training queries, for qdrl train",
  fusion: "a fusion of runs, for qdrl train",
  kdd: "a KDD Cup system, for qdrl kdd",
  sweep: "a sweep, for qdrl sweep",
} as const;

/** Values of the key `system`; an experiment with an encoder has none. */
export const systems = ["bm25", "neighbours", "fusion", "kdd"] as const;

/** What a YAML file of this workspace is for. */
export type FileKind = keyof typeof kinds;

/** Told by the top-level keys; null if they are of no kind. */
export function kindOfKeys(values: Record<string, unknown>): FileKind | null {
  const { system } = values;
  const named = systems.find((one) => one === system);
  if (named !== undefined) return named;
  if ("grid" in values || "rows" in values) return "sweep";
  return "model" in values && "dataset" in values ? "encoder" : null;
}

/**
 * Refuses a file of another kind than wanted in one line, where its keys would be refused one by one.
 *
 * @throws RangeError naming what it is and which command takes it
 */
export function checkKind(file: string, { values }: Inherited, wanted: FileKind): void {
  const kind = kindOfKeys(values);
  if (kind !== null && kind !== wanted)
    throw new UserError(`${file}: must be ${kinds[wanted]}, got ${kinds[kind]}`);
}
