import { stringify } from "yaml";
import { type Inherited, readInherited } from "../config/base-layers.js";
import { readText } from "../config/read-text.js";
import { checkYaml, loadYaml } from "../config/yaml-with-schema.js";
import { UserError } from "../files/user-error.js";
import { type Bm25Config, bm25Schema } from "./bm25-schema.js";
import { crossCheck } from "./cross-checks.js";
import { type FusionConfig, fusionSchema } from "./fusion-schema.js";
import { checkKind, systems } from "./kind-of-file.js";
import { type NeighboursConfig, neighboursSchema } from "./neighbours-schema.js";
import { type ExperimentConfig, experimentSchema } from "./schema.js";

/**
 * Reads an experiment with an encoder. A file may name another as its `base` and say only what differs: see
 * {@link readInherited}.
 *
 * @param file       path of the YAML file
 * @param overrides  "key.path=value" each; the value is read as YAML
 * @throws RangeError one line per broken rule: `file:line: key must …, got value`
 */
export function loadConfig(file: string, overrides: readonly string[] = []): ExperimentConfig {
  return experimentFrom(readInherited(readText(file), file), file, overrides);
}

/** {@link loadConfig} on what has been read already, so that a sweep reads its base once. */
export function experimentFrom(
  read: Inherited,
  file: string,
  overrides: readonly string[] = [],
): ExperimentConfig {
  checkKind(file, read, "encoder");
  return checkYaml(experimentSchema(), crossCheck, read, overrides);
}

/** {@link loadConfig} on text already in memory; `source` names it in messages. */
export function parseConfig(
  text: string,
  source: string,
  overrides: readonly string[] = [],
): ExperimentConfig {
  return checkYaml(experimentSchema(), crossCheck, readInherited(text, source), overrides);
}

/** Reads a BM25 baseline (a file whose `system` is bm25). */
export function loadBm25Config(file: string, overrides: readonly string[] = []): Bm25Config {
  return loadYaml(bm25Schema, () => [], file, overrides);
}

/** Reads a search among training queries (a file whose `system` is neighbours). */
export function loadNeighboursConfig(file: string, overrides: readonly string[] = []): NeighboursConfig {
  return loadYaml(neighboursSchema, () => [], file, overrides);
}

/** Reads a fusion of runs (a file whose `system` is fusion). */
export function loadFusionConfig(file: string, overrides: readonly string[] = []): FusionConfig {
  return loadYaml(fusionSchema, () => [], file, overrides);
}

/** Any kind of configuration, read and checked. */
export type AnyConfig =
  | { kind: "dense"; config: ExperimentConfig }
  | { kind: "bm25"; config: Bm25Config }
  | { kind: "neighbours"; config: NeighboursConfig }
  | { kind: "fusion"; config: FusionConfig };

/** Reads a file of any kind, told by its key `system`; without it, an experiment with an encoder. */
export function loadAnyConfig(file: string, overrides: readonly string[] = []): AnyConfig {
  const read = readInherited(readText(file), file);
  const { system } = read.values;
  const none = () => [];
  if (system === undefined) return { kind: "dense", config: experimentFrom(read, file, overrides) };
  if (system === "bm25") return { kind: "bm25", config: checkYaml(bm25Schema, none, read, overrides) };
  if (system === "neighbours")
    return { kind: "neighbours", config: checkYaml(neighboursSchema, none, read, overrides) };
  if (system === "fusion") return { kind: "fusion", config: checkYaml(fusionSchema, none, read, overrides) };
  if (system === "kdd")
    throw new UserError(`${file}: system must not be kdd here; this file is run with: qdrl kdd ${file}`);
  throw new UserError(
    `${file}: system must be ${systems.join(", ")}, or left out for an encoder, got ${JSON.stringify(system)}`,
  );
}

/** A resolved configuration as YAML; reading it back gives an equal value. */
export function formatConfig(config: AnyConfig["config"]): string {
  return stringify(config, { lineWidth: 110 });
}
