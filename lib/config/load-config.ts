import { parse, stringify } from "yaml";
import { type Bm25Config, bm25Schema } from "./bm25-schema.js";
import { crossCheck } from "./cross-checks.js";
import { type ExperimentConfig, experimentSchema } from "./schema.js";
import { loadYaml, parseYaml, readText } from "./yaml-with-schema.js";

/**
 * Reads an experiment with an encoder.
 *
 * @param file       path of the YAML file
 * @param overrides  "key.path=value" each; the value is read as YAML
 * @throws RangeError one line per broken rule: `file:line: key must …, got value`
 */
export function loadConfig(file: string, overrides: readonly string[] = []): ExperimentConfig {
  return loadYaml(experimentSchema, crossCheck, file, overrides);
}

/** {@link loadConfig} on text already in memory; `source` names it in messages. */
export function parseConfig(
  text: string,
  source: string,
  overrides: readonly string[] = [],
): ExperimentConfig {
  return parseYaml(experimentSchema, crossCheck, text, source, overrides);
}

/** Reads a BM25 baseline (a file whose `system` is bm25). */
export function loadBm25Config(file: string, overrides: readonly string[] = []): Bm25Config {
  return loadYaml(bm25Schema, () => [], file, overrides);
}

/** Reads either kind of file, told apart by its key `system`. */
export function loadAnyConfig(
  file: string,
  overrides: readonly string[] = [],
): { kind: "dense"; config: ExperimentConfig } | { kind: "bm25"; config: Bm25Config } {
  if (/^system:\s*bm25\s*(#.*)?$/m.test(readText(file)))
    return { kind: "bm25", config: loadBm25Config(file, overrides) };
  return { kind: "dense", config: loadConfig(file, overrides) };
}

/** A resolved configuration as YAML; reading it back gives an equal value. */
export function formatConfig(config: ExperimentConfig | Bm25Config): string {
  return stringify(config, { lineWidth: 110 });
}

/** The value of a resolved configuration file, unchecked (for display). */
export function readResolved(file: string): unknown {
  return parse(readText(file));
}
