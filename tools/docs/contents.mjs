// docs/contents.md: from a paper (or standard) to what implements it, from the `@see` lines of lib.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Folders of lib in the order of the page; those without a source do not show. */
const ORDER = [
  "losses",
  "negatives",
  "encoders",
  "optimizers",
  "training",
  "retrieval",
  "evaluation",
  "metrics",
];

/** @returns {Promise<string>} the page */
export async function contentsPage() {
  const byFolder = new Map();
  for (const file of sources("lib")) {
    const room = file.split("/")[1];
    for (const entry of entriesOf(readFileSync(file, "utf8")))
      byFolder.set(room, [...(byFolder.get(room) ?? []), { file, ...entry }]);
  }
  const rest = [...byFolder.keys()].filter((room) => !ORDER.includes(room)).sort();
  const parts = [
    "# Contents: what implements which paper",
    "<!-- Made by tools/docs.mjs from the `@see` lines of lib; do not edit. -->",
    "Functions and classes whose documentation names a source, by folder.",
  ];
  for (const room of [...ORDER, ...rest].filter((room) => byFolder.has(room))) {
    const rows = byFolder.get(room).map(({ name, file, source }) => {
      return `| [\`${name}\`](../${file}) | ${linked(source).replaceAll("|", "\\|")} |`;
    });
    parts.push(`## ${room}`, ["| name | source |", "|---|---|", ...rows].join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Doc comments with a publication in their `@see`, and the name that each documents. */
function entriesOf(text) {
  const entries = [];
  for (const match of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*([^\n]*)/g)) {
    const comment = match[1].replaceAll(/\n\s*\* ?/g, "\n");
    const name =
      /^(?:export )?(?:default )?(?:abstract )?(?:async )?(?:function\*?|class|const|interface|type) (\w+)/.exec(
        match[2],
      )?.[1];
    if (!name) continue;
    const found = [...comment.matchAll(/@see ([\s\S]*?)(?=\n\s*\n|\n@|@see|$)/g)];
    const source = found.map(([, see]) => see.replaceAll(/\s+/g, " ").trim()).filter(isPublication);
    if (source.length > 0) entries.push({ name, source: source.join("; ") });
  }
  return entries;
}

function isPublication(see) {
  return /arXiv:|doi:|https?:|\b(19|20)\d\d\b|\bRFC \d/.test(see) && !/^specs\b/.test(see);
}

function linked(source) {
  return source
    .replaceAll(/arXiv:(\d{4}\.\d{4,5})/g, "[arXiv:$1](https://arxiv.org/abs/$1)")
    .replaceAll(/doi:(10\.[^\s,;)]+)/g, "[doi:$1](https://doi.org/$1)");
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return sources(file);
      return entry.name.endsWith(".ts") ? [file] : [];
    });
}
