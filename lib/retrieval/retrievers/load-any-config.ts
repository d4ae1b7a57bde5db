import { readInherited } from "../../config/base-layers.js";
import { nearestName } from "../../config/nearest-name.js";
import { readText } from "../../config/read-text.js";
import { checkYaml, loadYaml } from "../../config/yaml-with-schema.js";
import { experimentFrom, publishedBefore } from "../../experiment/load-config.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { checkSeal } from "../../files/sealed-text.js";
import { UserError } from "../../files/user-error.js";
import type { RetrievalSystem, SystemConfig } from "./retrieval-system.js";
import { systemNames, systemOf } from "./systems.js";

/** Any kind of configuration, read and checked: an encoder's, or that of another system by its name. */
export type AnyConfig =
  | { kind: "dense"; config: ExperimentConfig }
  | { kind: string; config: SystemConfig & { name: string } };

/** Whether a configuration is an encoder's, to be trained. */
export function isEncoder(loaded: AnyConfig): loaded is { kind: "dense"; config: ExperimentConfig } {
  return loaded.kind === "dense";
}

/**
 * Reads a file of any kind, told by its key `system`; without it, an experiment with an encoder.
 *
 * @throws UserError one line per broken rule: `file:line: key must …, got value`; for an unknown system, naming those that
 *   are registered
 */
export function loadAnyConfig(file: string, overrides: readonly string[] = []): AnyConfig {
  const read = readInherited(readText(file), file);
  const { system } = read.values;
  if (system === undefined) return { kind: "dense", config: experimentFrom(read, file, overrides) };
  if (system === "kdd")
    throw new UserError(`${file}: system must not be kdd here; this file is run with: qdrl kdd ${file}`);
  const known = systemNames();
  if (typeof system !== "string" || !known.includes(system)) {
    const nearest = typeof system === "string" ? nearestName(system, known) : null;
    throw new UserError(
      `${file}: system must be one of ${known.join(", ")}, or left out for an encoder, got ${JSON.stringify(system)}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  }
  const config = checkYaml(systemOf(system).schema, () => [], read, overrides);
  return { kind: system, config: config as SystemConfig & { name: string } };
}

/** Reads the configuration of one system, which a finished run has stored, say. */
export function loadSystemConfig<C extends SystemConfig>(
  { schema }: RetrievalSystem<C>,
  file: string,
  overrides: readonly string[] = [],
): C {
  return loadYaml(schema, () => [], file, overrides);
}

/** {@link loadSystemConfig} on what a run keeps. A BM25 of before there was text.cleaning is of the published one. */
export function loadStoredSystemConfig<C extends SystemConfig>(system: RetrievalSystem<C>, file: string): C {
  const text = readText(file);
  checkSeal(text, file);
  return loadSystemConfig(system, file, system.system === "bm25" ? publishedBefore(text) : []);
}
