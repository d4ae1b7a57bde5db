import fs from "node:fs";
import path from "node:path";
import { type Document, isMap, LineCounter, parseDocument } from "yaml";
import { UserError } from "../files/user-error.js";
import { type KeyPath, kindOf } from "./describe-issue.js";
import { lineOf } from "./line-of-key.js";
import { readText } from "./read-text.js";

type Section = Record<string, unknown>;

/** One YAML file as written. */
interface Layer {
  source: string;
  document: Document;
  lines: LineCounter;
  values: Section;
}

/** A file with its chain of bases as one. */
export interface Inherited {
  /** Keys and values, without `base`. */
  values: Section;
  /** Whether some file of the chain has the path. */
  has: (path: KeyPath) => boolean;
  /** "file:line" that a value stands in; where nobody wrote it, the deepest section of the path that somebody wrote. */
  where: (path: KeyPath) => string;
}

/**
 * Reads YAML text and, where it has the key `base`, the file it names (a path from the workspace root), and so on.
 *
 * What a file says goes before what its base says. Sections are merged key by key; anything else is replaced whole: values,
 * lists, and sections whose `type` differs from the base's, since the keys of one type mean nothing to another.
 *
 * @param source   names the text in messages
 * @param inherit  false leaves `base` as a key like any other
 * @throws UserError for text that is not YAML with keys, a base that cannot be read, and a chain that leads back to itself
 */
export function readInherited(text: string, source: string, inherit = true): Inherited {
  const leaf = parseLayer(text, source);
  const chain = inherit ? [leaf, ...basesOf(leaf)].reverse() : [leaf];
  const owners = new Map<string, Layer>();
  let values: Section = {};
  for (const layer of chain) {
    const { base, ...own } = layer.values;
    values = merge(values, inherit ? own : layer.values, [], layer, owners);
  }
  return {
    values,
    has: (key) => chain.some(({ document }) => document.hasIn(key)),
    where: (key) => {
      let owner = leaf;
      for (let depth = key.length; depth > 0; depth--) {
        const found = owners.get(key.slice(0, depth).join("."));
        if (found === undefined) continue;
        owner = found;
        break;
      }
      return `${owner.source}:${lineOf(owner.document, key, owner.lines)}`;
    },
  };
}

function parseLayer(text: string, source: string): Layer {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const broken = document.errors[0];
  if (broken)
    throw new UserError(
      `${source}:${broken.linePos?.[0].line ?? 1}: not valid YAML (${faultOf(broken.message)})`,
    );
  if (!isMap(document.contents))
    throw new UserError(`${source}: must hold keys and values, got ${kindOf(document.toJS())}`);
  try {
    return { source, document, lines, values: document.toJS() as Section };
  } catch (error) {
    // aliases that stand for too much, or merges of what is no map
    throw new UserError(`${source}: aliases must come to something, got: ${(error as Error).message}`);
  }
}

/** The first line of a parser's message; of its own limit, what a reader can change. */
function faultOf(message: string): string {
  const [first = ""] = message.split("\n");
  return first.includes("call stack") ? "nested too deeply" : first;
}

/** The bases of a file, the nearest first. */
function basesOf(leaf: Layer): Layer[] {
  const bases: Layer[] = [];
  const seen = [identity(leaf.source)];
  for (let layer = leaf; "base" in layer.values; layer = bases.at(-1)!) {
    const { base, system } = layer.values;
    const where = `${layer.source}:${lineOf(layer.document, ["base"], layer.lines)}: base`;
    if (typeof base !== "string" || base === "")
      throw new UserError(
        `${where} must be the path of a configuration from the workspace root, got ${JSON.stringify(base)}`,
      );
    if (seen.includes(identity(base)))
      throw new UserError(
        `${where} must not lead back to a file of the chain, got ${[leaf, ...bases].map((one) => one.source).join(" → ")} → ${base}`,
      );
    seen.push(identity(base));
    let text: string;
    try {
      text = readText(base);
    } catch (error) {
      throw new UserError(`${where}: ${(error as Error).message}`);
    }
    const next = parseLayer(text, base);
    if ("grid" in next.values || "rows" in next.values || "parts" in next.values)
      throw new UserError(`${where} must be an experiment, got the sweep ${base}`);
    const inherited = next.values["system"];
    if (system !== undefined && inherited !== undefined && system !== inherited)
      throw new UserError(
        `${where} must have the same system, ${JSON.stringify(system)}, got ${JSON.stringify(inherited)} in ${base}`,
      );
    bases.push(next);
  }
  return bases;
}

function identity(file: string): string {
  return fs.existsSync(file) ? fs.realpathSync(file) : path.resolve(file);
}

function merge(
  below: Section,
  above: Section,
  at: readonly string[],
  layer: Layer,
  owners: Map<string, Layer>,
): Section {
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const path = [...at, key];
    const old = merged.get(key);
    if (isSection(old) && isSection(value) && sameType(old, value)) {
      merged.set(key, merge(old, value, path, layer, owners));
      continue;
    }
    const name = path.join(".");
    for (const owned of owners.keys()) if (owned.startsWith(`${name}.`)) owners.delete(owned);
    owners.set(name, layer);
    merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameType(below: Section, above: Section): boolean {
  return above["type"] === undefined || below["type"] === undefined || above["type"] === below["type"];
}
