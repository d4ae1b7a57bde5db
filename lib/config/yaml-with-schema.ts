import fs from "node:fs";
import path from "node:path";
import { type Document, isMap, LineCounter, parse, parseDocument } from "yaml";
import type { z } from "zod";
import { UserError } from "../files/user-error.js";
import { describeIssue, type KeyPath, kindOf } from "./describe-issue.js";
import { nearestName } from "./nearest-name.js";

/** A rule broken between two keys: the key to blame and the sentence. */
export interface CrossFieldIssue {
  path: (string | number)[];
  message: string;
}

type CrossCheck<T> = (config: T) => CrossFieldIssue[];

/**
 * Reads a YAML file, applies overrides, fills defaults in and checks every key against a schema.
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
  return parseYaml(schema, crossCheck, readText(file), file, overrides);
}

/** {@link loadYaml} on text already in memory; `source` names it in messages. */
export function parseYaml<S extends z.ZodType>(
  schema: S,
  crossCheck: CrossCheck<z.output<S>>,
  text: string,
  source: string,
  overrides: readonly string[] = [],
): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const broken = document.errors[0];
  if (broken)
    throw new UserError(
      `${source}:${broken.linePos?.[0].line ?? 1}: not valid YAML (${broken.message.split("\n")[0]})`,
    );
  if (!isMap(document.contents))
    throw new UserError(`${source}: must hold keys and values, got ${kindOf(document.toJS())}`);
  const written = document.clone() as Document;
  const overridden = applyOverrides(document, overrides);
  const where = (path: KeyPath): string => {
    const key = path.join(".");
    const set = overridden.has(key)
      ? key
      : [...overridden].find((one) => one.startsWith(`${key}.`) && !written.hasIn(path));
    return set === undefined ? `${source}:${lineOf(document, path, lines)}` : `--set ${set}`;
  };

  const raw: unknown = document.toJS();
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

/** A text file, or one line saying why not. */
export function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR") throw new UserError(`${file}: must be a file, got a folder`);
    if (code === "ENOENT") throw new UserError(`${file}: must exist, found none${suggestion(file)}`);
    throw new UserError(`${file}: cannot be read (${code ?? error})`);
  }
}

/** The YAML file of the same folder whose name is nearest, as a question. */
function suggestion(file: string): string {
  const folder = path.dirname(file);
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return "";
  const names = fs.readdirSync(folder).flatMap((name) => /^(.+)\.yaml$/.exec(name)?.[1] ?? []);
  const nearest = nearestName(path.basename(file, ".yaml"), names);
  return nearest === null ? "" : `; did you mean ${path.join(folder, nearest)}.yaml?`;
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

/** Line of the deepest existing node on the path, from 1. */
function lineOf(document: Document, path: KeyPath, lines: LineCounter): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String((item.key as { value?: unknown })?.value) === String(key),
      );
      if (!pair) break;
      offset = (pair.key as { range?: [number, number, number] }).range?.[0] ?? offset;
      node = pair.value;
    } else {
      const item = (node as { items?: unknown[] } | null)?.items?.[key as number];
      if (item === undefined) break;
      offset = (item as { range?: [number, number, number] }).range?.[0] ?? offset;
      node = item;
    }
  }
  return lines.linePos(offset).line;
}
