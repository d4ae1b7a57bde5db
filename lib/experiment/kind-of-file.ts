import type { Inherited } from "../config/base-layers.js";
import { UserError } from "../files/user-error.js";

/** What a YAML file of this workspace is for: an experiment with an encoder, a sweep, an ablation, a tuning, or one of the other systems. */
export type FileKind = "encoder" | "sweep" | "ablation" | "tuning" | { system: string };

/** Told by the top-level keys; null if they are of no kind. */
function kindOfKeys(values: Record<string, unknown>): FileKind | null {
  const { system } = values;
  if (typeof system === "string") return { system };
  if ("ranges" in values) return "tuning";
  if ("parts" in values) return "ablation";
  if ("grid" in values || "rows" in values) return "sweep";
  return "model" in values && "dataset" in values ? "encoder" : null;
}

/** Of a file that has been read; null if its keys are of no kind. */
export function kindOfFile({ values }: Inherited): FileKind | null {
  return kindOfKeys(values);
}

function describeKind(kind: FileKind): string {
  if (kind === "encoder") return "an experiment with an encoder, for qdrl train";
  if (kind === "sweep") return "a sweep, for qdrl sweep";
  if (kind === "ablation") return "an ablation, for qdrl study ablation";
  if (kind === "tuning") return "a tuning, for qdrl tune";
  return `a file of system ${kind.system}, for qdrl ${kind.system === "kdd" ? "kdd" : "train"}`;
}

/**
 * Refuses a file of another kind than wanted in one line, where its keys would be refused one by one.
 *
 * @throws RangeError naming what it is and which command takes it
 */
export function checkKind(file: string, { values }: Inherited, wanted: "encoder" | "sweep"): void {
  const kind = kindOfKeys(values);
  if (kind !== null && kind !== wanted)
    throw new UserError(`${file}: must be ${describeKind(wanted)}, got ${describeKind(kind)}`);
}
