import { stringify } from "yaml";
import { type Inherited, readInherited } from "../config/base-layers.js";
import { readText } from "../config/read-text.js";
import { checkYaml } from "../config/yaml-with-schema.js";
import { checkSeal } from "../files/sealed-text.js";
import { crossCheck } from "./cross-checks.js";
import { checkKind } from "./kind-of-file.js";
import { withOwnNames } from "./published-names.js";
import { type ExperimentConfig, experimentSchema } from "./schema.js";

/**
 * Reads an experiment with an encoder. A file may name another as its `base` and say only what differs;
 * sections are merged key by key, lists replaced.
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
  return checkYaml(experimentSchema(), crossCheck, read, overrides, withOwnNames);
}

/**
 * {@link loadConfig} on the resolved configuration that a run keeps. One of before texts could be read in more than one way is
 * of the published cleaning.
 */
export function loadStoredConfig(file: string): ExperimentConfig {
  const text = readText(file);
  checkSeal(text, file);
  return parseConfig(text, file, publishedBefore(text));
}

/** What a stored configuration of before there was text.cleaning leaves out, as overrides. */
export function publishedBefore(stored: string): string[] {
  return /^text:/m.test(stored) ? [] : ["text.cleaning=published"];
}

/** {@link loadConfig} on text already in memory; `source` names it in messages. */
export function parseConfig(
  text: string,
  source: string,
  overrides: readonly string[] = [],
): ExperimentConfig {
  return checkYaml(experimentSchema(), crossCheck, readInherited(text, source), overrides, withOwnNames);
}

/** A resolved configuration as YAML; reading it back gives an equal value. */
export function formatConfig(config: object): string {
  return stringify(config, { lineWidth: 110 });
}
