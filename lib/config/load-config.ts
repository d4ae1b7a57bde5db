import fs from "node:fs";
import { type Document, isMap, LineCounter, parse, parseDocument, stringify } from "yaml";
import type { z } from "zod";
import { crossCheck } from "./cross-checks.js";
import { nearestName } from "./nearest-name.js";
import { type ExperimentConfig, experimentSchema } from "./schema.js";

type Path = (string | number)[];

/**
 * Reads an experiment from YAML, applies overrides, fills defaults in and checks every key.
 *
 * @param file       path of the YAML file
 * @param overrides  "key.path=value" each; the value is read as YAML, list items by number ("recall_validation.k.0=5")
 * @throws RangeError one line per broken rule: `file:line: key must …, got value`
 */
export function loadConfig(file: string, overrides: readonly string[] = []): ExperimentConfig {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new RangeError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
  return parseConfig(text, file, overrides);
}

/** {@link loadConfig} on text already in memory; `source` names it in messages. */
export function parseConfig(text: string, source: string, overrides: readonly string[] = []): ExperimentConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken)
    throw new RangeError(`${source}:${broken.linePos?.[0].line ?? 1}: not valid YAML (${broken.message.split("\n")[0]})`);
  if (!isMap(document.contents)) throw new RangeError(`${source}: must hold keys and values, got ${kindOf(document.toJS())}`);
  const overridden = applyOverrides(document, overrides);
  const where = (path: Path): string =>
    overridden.has(path.join(".")) ? `--set ${path.join(".")}` : `${source}:${lineOf(document, path, lines)}`;

  const raw: unknown = document.toJS();
  const parsed = experimentSchema.safeParse(raw, { reportInput: true });
  if (!parsed.success)
    throw new RangeError(parsed.error.issues.flatMap((issue) => describe(issue, raw, where)).join("\n"));
  const issues = crossCheck(parsed.data);
  if (issues.length > 0)
    throw new RangeError(issues.map((i) => `${where(i.path)}: ${i.path.join(".")} ${i.message}`).join("\n"));
  return parsed.data;
}

/** The resolved configuration as YAML; {@link parseConfig} reads it back to an equal value. */
export function formatConfig(config: ExperimentConfig): string {
  return stringify(config, { lineWidth: 110 });
}

function applyOverrides(document: Document, overrides: readonly string[]): Set<string> {
  const seen = new Set<string>();
  for (const override of overrides) {
    const at = override.indexOf("=");
    if (at < 1) throw new RangeError(`--set: must look like key.path=value, got "${override}"`);
    const path: Path = override
      .slice(0, at)
      .split(".")
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    let value: unknown;
    try {
      value = parse(override.slice(at + 1));
    } catch {
      throw new RangeError(`--set ${path.join(".")}: value must be YAML, got "${override.slice(at + 1)}"`);
    }
    try {
      document.setIn(path, document.createNode(value));
    } catch {
      throw new RangeError(`--set ${path.join(".")}: does not fit into the file, whose ${path.slice(0, -1).join(".")} is not a section`);
    }
    seen.add(path.join("."));
  }
  return seen;
}

function describe(issue: z.core.$ZodIssue, raw: unknown, where: (path: Path) => string): string[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => {
      const known = knownKeys(raw, path);
      const nearest = nearestName(key, known);
      const hint = nearest ? `did you mean ${[...path, nearest].join(".")}?` : `known: ${known.join(", ")}`;
      return `${where([...path, key])}: ${[...path, key].join(".")} is not a known key; ${hint}`;
    });
  if (issue.code === "invalid_union" && issue.discriminator) {
    const key = [...path];
    if (key.at(-1) !== issue.discriminator) key.push(issue.discriminator);
    const kinds = discriminatorValues(path, issue.discriminator);
    const got = valueAt(raw, key);
    const nearest = typeof got === "string" ? nearestName(got, kinds) : null;
    return [
      `${where(key)}: ${key.join(".")} must be one of ${kinds.join(", ")}, got ${show(got)}${nearest ? `; did you mean ${nearest}?` : ""}`,
    ];
  }
  const key = path.join(".") || "the file";
  const got = valueAt(raw, path);
  const at = where(path);
  if (got === undefined) return [`${at}: ${key} is required`];
  if (issue.code === "custom") return [`${at}: ${key}: ${issue.message}`];
  return [`${at}: ${key} ${rule(issue)}, got ${show(got)}`];
}

function rule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${issue.expected === "int" ? "a whole number" : issue.expected === "array" ? "a list" : issue.expected === "object" ? "a section" : `a ${issue.expected}`}`;
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string") return `must have at least ${issue.minimum} ${issue.origin === "array" ? "items" : "characters"}`;
      return `must be ${issue.inclusive ? "≥" : ">"} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive ? "≤" : "<"} ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    default:
      return issue.message;
  }
}

function valueAt(value: unknown, path: Path): unknown {
  for (const key of path) value = (value as Record<string | number, unknown> | undefined | null)?.[key];
  return value;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function kindOf(value: unknown): string {
  return value === null ? "nothing" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Line of the deepest existing node on the path, from 1. */
function lineOf(document: Document, path: Path, lines: LineCounter): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String((item.key as { value?: unknown })?.value) === String(key));
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

interface SchemaNode {
  _zod: { def: { type: string; shape?: Record<string, SchemaNode>; innerType?: SchemaNode; element?: SchemaNode; options?: SchemaNode[]; discriminator?: string; values?: unknown[]; in?: SchemaNode } };
}

function schemaAt(path: Path, raw: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = unwrap(experimentSchema as unknown as SchemaNode);
  let value = raw;
  for (const key of path) {
    node = pick(node, value);
    node = unwrap(node?._zod.def.type === "array" ? node._zod.def.element : node?._zod.def.shape?.[key as string]);
    value = valueAt(value, [key]);
  }
  return pick(node, value);
}

function unwrap(node: SchemaNode | undefined): SchemaNode | undefined {
  while (node && (node._zod.def.innerType ?? node._zod.def.in)) node = node._zod.def.innerType ?? node._zod.def.in;
  return node;
}

/** The option of a discriminated union that `value` chose. */
function pick(node: SchemaNode | undefined, value: unknown): SchemaNode | undefined {
  const { options, discriminator } = node?._zod.def ?? {};
  if (!options || !discriminator) return node;
  return unwrap(options.find((o) => literals(unwrap(o), discriminator).includes((value as Record<string, unknown>)?.[discriminator])));
}

function literals(option: SchemaNode | undefined, discriminator: string): unknown[] {
  return option?._zod.def.shape?.[discriminator]?._zod.def.values ?? [];
}

function knownKeys(raw: unknown, path: Path): string[] {
  return Object.keys(schemaAt(path, raw)?._zod.def.shape ?? {});
}

function discriminatorValues(path: Path, discriminator: string): string[] {
  let node: SchemaNode | undefined = experimentSchema as unknown as SchemaNode;
  for (const key of path.at(-1) === discriminator ? path.slice(0, -1) : path) {
    node = unwrap(node);
    node = node?._zod.def.type === "array" ? node._zod.def.element : node?._zod.def.shape?.[key as string];
  }
  return (unwrap(node)?._zod.def.options ?? []).flatMap((o) => literals(unwrap(o), discriminator)).map(String);
}
