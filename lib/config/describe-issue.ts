import type { z } from "zod";
import { ownEntry } from "../files/own-entry.js";
import { nearestName } from "./nearest-name.js";

export type KeyPath = (string | number)[];

/** What of a zod schema is looked into here: its shape, to list the valid names. */
interface SchemaNode {
  _zod: {
    def: {
      type: string;
      shape?: Record<string, SchemaNode>;
      innerType?: SchemaNode;
      element?: SchemaNode;
      options?: SchemaNode[];
      discriminator?: string;
      values?: unknown[];
      in?: SchemaNode;
    };
  };
}

/**
 * One line per thing wrong: `file:line: key must …, got value`.
 *
 * @param schema  the schema that refused, read for the valid names
 * @param raw     the value refused
 * @param where   "file:line" of a key path
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  raw: unknown,
  where: (path: KeyPath) => string,
  whole = "the file",
): string[] {
  const root = schema as unknown as SchemaNode;
  const path = issue.path as KeyPath;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => {
      const known = knownKeys(root, raw, path);
      const nearest = nearestName(key, known);
      const hint = nearest ? `did you mean ${[...path, nearest].join(".")}?` : `known: ${known.join(", ")}`;
      return `${where([...path, key])}: ${[...path, key].join(".")} is not a known key; ${hint}`;
    });
  if (issue.code === "invalid_union" && issue.discriminator) {
    const key = [...path];
    if (key.at(-1) !== issue.discriminator) key.push(issue.discriminator);
    const kinds = discriminatorValues(root, path, issue.discriminator, raw);
    const got = valueAt(raw, key);
    const nearest = typeof got === "string" ? nearestName(got, kinds) : null;
    return [
      `${where(key)}: ${key.join(".")} must be one of ${kinds.join(", ")}, got ${show(got)}${nearest ? `; did you mean ${nearest}?` : ""}`,
    ];
  }
  const key = path.join(".") || whole;
  const got = valueAt(raw, path);
  const at = where(path);
  if (issue.code === "custom") return [`${at}: ${key}: ${issue.message}`];
  if (got === undefined) return [`${at}: ${key} is required`];
  return [`${at}: ${key} ${describeRule(issue)}, got ${show(got)}`];
}

/** The rule that an issue broke: "must be ≥ 1". */
export function describeRule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${issue.expected === "int" ? "a whole number" : issue.expected === "array" ? "a list" : issue.expected === "object" ? "a section" : `a ${issue.expected}`}`;
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string")
        return `must have at least ${issue.minimum} ${issue.origin === "array" ? "items" : "characters"}`;
      return `must be ${issue.inclusive ? "≥" : ">"} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive ? "≤" : "<"} ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    default:
      return issue.message;
  }
}

function valueAt(value: unknown, path: KeyPath): unknown {
  for (const key of path) value = (value as Record<string | number, unknown> | undefined | null)?.[key];
  return value;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** How a value of the wrong kind is named in a message. */
export function kindOf(value: unknown): string {
  return value === null ? "nothing" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

function schemaAt(root: SchemaNode, path: KeyPath, raw: unknown): SchemaNode | undefined {
  const { node, value } = nodeAt(root, path, raw);
  return pick(node, value);
}

/** Schema and value at a path; the schema may be a union, of which the value has yet to choose. */
function nodeAt(
  root: SchemaNode,
  path: KeyPath,
  raw: unknown,
): { node: SchemaNode | undefined; value: unknown } {
  let node: SchemaNode | undefined = unwrap(root);
  let value = raw;
  for (const key of path) {
    node = pick(node, value);
    node = unwrap(
      node?._zod.def.type === "array" ? node._zod.def.element : node?._zod.def.shape?.[key as string],
    );
    value = valueAt(value, [key]);
  }
  return { node, value };
}

function unwrap(node: SchemaNode | undefined): SchemaNode | undefined {
  while (node && (node._zod.def.innerType ?? node._zod.def.in))
    node = node._zod.def.innerType ?? node._zod.def.in;
  return node;
}

/** The option of a discriminated union that `value` chose. */
function pick(node: SchemaNode | undefined, value: unknown): SchemaNode | undefined {
  const { options, discriminator } = node?._zod.def ?? {};
  if (!options || !discriminator) return node;
  return unwrap(
    options.find((o) =>
      literals(unwrap(o), discriminator).includes((value as Record<string, unknown>)?.[discriminator]),
    ),
  );
}

function literals(option: SchemaNode | undefined, discriminator: string): unknown[] {
  return ownEntry(option?._zod.def.shape, discriminator)?._zod.def.values ?? [];
}

function knownKeys(root: SchemaNode, raw: unknown, path: KeyPath): string[] {
  return Object.keys(schemaAt(root, path, raw)?._zod.def.shape ?? {});
}

function discriminatorValues(root: SchemaNode, path: KeyPath, discriminator: string, raw: unknown): string[] {
  const union = nodeAt(root, path.at(-1) === discriminator ? path.slice(0, -1) : path, raw).node;
  return (union?._zod.def.options ?? []).flatMap((o) => literals(unwrap(o), discriminator)).map(String);
}
