import { Document, isSeq, parse } from "yaml";
import type { z } from "zod";
import { UserError } from "../files/user-error.js";
import { type Inherited, readInherited } from "./base-layers.js";
import { describeIssue, type KeyPath } from "./describe-issue.js";
import { readText } from "./read-text.js";

/** A rule broken between two keys: the key to blame and the sentence. */
export interface CrossFieldIssue {
  path: (string | number)[];
  message: string;
}

type CrossCheck<T> = (config: T) => CrossFieldIssue[];

/**
 * Reads a YAML file with its bases, applies overrides, fills defaults in and checks every key against a schema.
 *
 * @param schema      strict zod object
 * @param crossCheck  rules between keys
 * @param file        path of the YAML file
 * @param overrides   "key.path=value" each; the value is read as YAML, list items by number ("recall_validation.k.0=5")
 * @throws RangeError one line per broken rule: `file:line: key must …, got value`
 */
export function loadYaml<S extends z.ZodType>(
  schema: S,
  crossCheck: CrossCheck<z.output<S>>,
  file: string,
  overrides: readonly string[] = [],
): z.output<S> {
  return checkYaml(schema, crossCheck, readInherited(readText(file), file), overrides);
}

/** {@link loadYaml} on what has been read already. @param respell turns other spellings into the schema's */
export function checkYaml<S extends z.ZodType>(
  schema: S,
  crossCheck: CrossCheck<z.output<S>>,
  read: Inherited,
  overrides: readonly string[] = [],
  respell: (raw: unknown) => unknown = (raw) => raw,
): z.output<S> {
  const document = new Document(read.values);
  const overridden = applyOverrides(document, overrides);
  const where = (path: KeyPath): string => {
    const key = path.join(".");
    const set = overridden.has(key)
      ? key
      : [...overridden].find((one) => one.startsWith(`${key}.`) && !read.has(path));
    return set === undefined ? read.where(path) : `--set ${set}`;
  };

  const raw: unknown = respell(document.toJS());
  const parsed = schema.safeParse(raw, { reportInput: true });
  if (!parsed.success)
    throw new UserError(
      parsed.error.issues.flatMap((issue) => describeIssue(issue, schema, raw, where)).join("\n"),
    );
  const issues = crossCheck(parsed.data);
  if (issues.length > 0)
    throw new UserError(issues.map((i) => `${where(i.path)}: ${i.path.join(".")} ${i.message}`).join("\n"));
  return parsed.data;
}

function applyOverrides(document: Document, overrides: readonly string[]): Set<string> {
  const seen = new Set<string>();
  for (const override of overrides) {
    const at = override.indexOf("=");
    if (at < 1) throw new UserError(`--set: must look like key.path=value, got "${override}"`);
    const path: KeyPath = override
      .slice(0, at)
      .split(".")
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    let value: unknown;
    try {
      value = parse(override.slice(at + 1));
    } catch {
      throw new UserError(`--set ${path.join(".")}: value must be YAML, got "${override.slice(at + 1)}"`);
    }
    checkPlaces(document, path);
    try {
      document.setIn(path, document.createNode(value));
    } catch {
      throw new UserError(
        `--set ${path.join(".")}: does not fit into the file, whose ${path.slice(0, -1).join(".")} is not a section`,
      );
    }
    seen.add(path.join("."));
  }
  return seen;
}

/** A place in a list is one that it has, or the one after its last; any other would leave a hole. */
function checkPlaces(document: Document, path: KeyPath): void {
  path.forEach((key, depth) => {
    const list = document.getIn(path.slice(0, depth));
    if (isSeq(list) && typeof key === "number" && key > list.items.length)
      throw new UserError(
        `--set ${path.join(".")}: place must be at most ${list.items.length}, the list's length, got ${key}`,
      );
  });
}
