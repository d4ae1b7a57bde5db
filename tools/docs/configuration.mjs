// docs/configuration.md: every key of a configuration, from the zod schemas.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { register } from "tsx/esm/api";
import YAML from "yaml";
import { z } from "zod";

const SYSTEMS = "lib/retrieval/retrievers/systems.ts";

/** The published system's own example: keys in it are the published ones. */
const EXAMPLE = "configs/emoji/published-example.yaml";

/** Kinds of files besides systems: a heading, what it is for, the module with the schema and its export. */
const FILES = [
  ["Sweep", "many experiments from one base: `qdrl sweep`", "lib/experiment/sweep-schema.ts", "sweepSchema"],
  [
    "Ablation",
    "a system taken apart: `qdrl study ablation`, and `qdrl sweep` on the rows that it makes; any experiment with a base can be taken apart without",
    "lib/experiment/ablation-schema.ts",
    "ablationSchema",
  ],
  [
    "Tuning",
    "what to search, and what is better: `qdrl tune`; any experiment can be tuned without",
    "lib/tuning/tuning-schema.ts",
    "tuningSchema",
  ],
  ["KDD", "the KDD Cup 2020 recall system: `qdrl kdd`", "lib/studies/kdd/kdd-schema.ts", "kddSchema"],
];

/** [heading, purpose, file, schema] of every kind of file. */
async function schemas() {
  const load = (file) => import(pathToFileURL(path.resolve(file)).href);
  const { systemNames, systemOf } = await load(SYSTEMS);
  const systems = ["dense", ...systemNames()].map((name) => {
    const { summary, schema } = systemOf(name);
    const file = name === "dense" ? "lib/experiment/schema.ts" : `lib/retrieval/retrievers/${name}-system.ts`;
    return [name === "dense" ? "Experiment" : `System ${name}`, summary, file, schema];
  });
  const others = FILES.map(async ([title, purpose, file, name]) => [
    title,
    purpose,
    file,
    (await load(file))[name],
  ]);
  return [...systems, ...(await Promise.all(others))];
}

/** @returns {Promise<string>} the page */
export async function configurationPage() {
  register();
  const files = await schemas();
  const published = publishedKeys(YAML.parse(readFileSync(EXAMPLE, "utf8")));
  const parts = [
    "# Configuration",
    "<!-- Made by tools/docs.mjs from the schemas; do not edit. -->",
    `Every key of every kind of file. Source: *published* keys are those of [the published system's example](../${EXAMPLE}), ` +
      "with its names and meanings; the others are this project's. Every key is checked, and an unknown one is refused " +
      "with the nearest valid name. A section with `type` has the keys of that type. `base:` names files that a file " +
      "builds on.",
    files.map(([title]) => `- [${title}](#${anchor(title)})`).join("\n"),
  ];
  for (const [title, purpose, file, schema] of files) {
    const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
    parts.push(`## ${title}`, `${sentence(purpose)} Schema: [${file}](../${file}).`);
    const keys = title === "Experiment" ? published : new Set();
    parts.push(...section(json, "", keys));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Tables of an object's keys, then those of the sections in it. */
function section(schema, prefix, published) {
  const required = new Set(schema.required ?? []);
  const nested = [];
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    for (const variant of objectsOf(value)) nested.push([name, variant]);
    const preset = "default" in value ? code(value.default) : required.has(key) ? "required" : "–";
    const source = published.has(name) ? "published" : "qdrl";
    return [`\`${name}\``, typeOf(value), preset, value.description ?? meaningOf(value), source];
  });
  const tables = rows.length > 0 ? [table(["key", "type", "default", "meaning", "source"], rows)] : [];
  for (const [name, variant] of nested) {
    const [tag, kind] = tagOf(variant);
    const level = "#".repeat(Math.min(6, 3 + name.split(".").length - 1));
    const properties = Object.fromEntries(Object.entries(variant.properties).filter(([key]) => key !== tag));
    const body = section({ ...variant, properties }, name, published);
    if (tag === null && body.length === 0) continue;
    tables.push(`${level} ${tag ? `\`${name}.${tag}: ${kind}\`` : `\`${name}\``}`);
    if (variant.description && tag) tables.push(sentence(variant.description));
    tables.push(...(body.length > 0 ? body : ["No keys of its own."]));
  }
  return tables;
}

/** The key that tells the variants of a section apart, and its value. */
function tagOf(variant) {
  const tag = Object.entries(variant.properties ?? {}).find(([, value]) => typeof value.const === "string");
  return tag ? [tag[0], tag[1].const] : [null, null];
}

/** The sections that a value may be: itself, the variants of a union, the items of a list. */
function objectsOf(schema) {
  if (schema.properties) return [schema];
  const options = schema.oneOf ?? schema.anyOf ?? schema.allOf ?? (schema.items ? [schema.items] : []);
  return options.flatMap(objectsOf);
}

function typeOf(schema) {
  if (schema === true || Object.keys(schema).length === 0) return "anything";
  if ("const" in schema) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  const options = schema.oneOf ?? schema.anyOf;
  if (options) {
    const kinds = options.map((option) => tagOf(option)[1]);
    if (kinds.every((kind) => kind !== null))
      return `one of ${kinds.map((kind) => `\`${kind}\``).join(", ")}`;
    return [...new Set(options.map(typeOf))].join(" or ");
  }
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "anything"}`;
  if (schema.properties) return "section";
  if (schema.type === "object") return "mapping";
  if (schema.type === "integer" || schema.type === "number") return numberType(schema);
  if (schema.type === "string" && schema.pattern) return "name";
  return [schema.type ?? "anything"].flat().join(" or ");
}

function numberType(schema) {
  const name = schema.type === "integer" ? "integer" : "number";
  const bounds = [
    schema.exclusiveMinimum !== undefined && `> ${schema.exclusiveMinimum}`,
    schema.minimum !== undefined && schema.minimum > -Number.MAX_SAFE_INTEGER && `≥ ${schema.minimum}`,
    schema.exclusiveMaximum !== undefined && `< ${schema.exclusiveMaximum}`,
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER && `≤ ${schema.maximum}`,
  ].filter(Boolean);
  return [name, ...bounds].join(" ");
}

/** The description that an option of a union carries. */
function meaningOf(schema) {
  const options = schema.oneOf ?? schema.anyOf ?? [];
  if (options.some((option) => tagOf(option)[1] !== null)) return "";
  return options.find((option) => option.description)?.description ?? "";
}

function code(value) {
  const text = JSON.stringify(value);
  return text.length > 60 ? "see its section" : `\`${text.replaceAll("|", "\\|")}\``;
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("\n", " ")).join(" | ")} |`;
  const escaped = rows.map((row) =>
    row.map((cell, i) => (i === 3 ? cell.replaceAll("|", "\\|").replaceAll("<", "&lt;") : cell)),
  );
  return [line(heads), `|${heads.map(() => "---|").join("")}`, ...escaped.map(line)].join("\n");
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

function anchor(title) {
  return title.toLowerCase().replaceAll(" ", "-");
}

/** Dotted paths of all keys; those in lists without their position. */
function publishedKeys(value, prefix = "", keys = new Set()) {
  if (Array.isArray(value)) for (const item of value) publishedKeys(item, prefix, keys);
  else if (value !== null && typeof value === "object")
    for (const [key, inner] of Object.entries(value)) {
      const name = prefix ? `${prefix}.${key}` : key;
      keys.add(name);
      publishedKeys(inner, name, keys);
    }
  return keys;
}
