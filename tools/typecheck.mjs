#!/usr/bin/env node
// The project's strict type check (tsc -p .) over lib, tests, tools and the cells of every notebook, and (-p
// tsconfig.browser.json) over the scripts of pages. A notebook's cells are written into one module below .cache/, which
// tsconfig.json includes, and findings are told by notebook, cell and line.
//   node tools/typecheck.mjs
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { committedNotebooks } from "./nb-clean.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
/** Everything, and the scripts of pages, which alone know a document and a window. */
const PROJECTS = [".", "tsconfig.browser.json"];
/** Relative to the root; tsconfig.json names it too. */
export const CELLS = ".cache/cells";

/**
 * @param {string} text  a notebook
 * @returns {{source: string, origin: {cell: number, line: number}[]}} its code cells as one module, and where each line
 *   of that comes from, both counted from 1; cells count as in Jupyter, with text
 */
export function cellsAsModule(text) {
  const lines = ["export {};"]; // top-level await, and names of its own
  const origin = [{ cell: 0, line: 0 }];
  JSON.parse(text).cells.forEach(({ cell_type: type, source }, index) => {
    if (type !== "code") return;
    const code = Array.isArray(source) ? source.join("") : source;
    code.split("\n").forEach((line, at) => {
      lines.push(line);
      origin.push({ cell: index + 1, line: at + 1 });
    });
  });
  return { source: `${lines.join("\n")}\n`, origin };
}

/**
 * @param {string} output  of tsc
 * @param {Map<string, {cell: number, line: number}[]>} origins  by notebook's name
 * @returns {string} the same, with places in cells named as such
 */
export function namePlaces(output, origins) {
  return output.replace(/^\.cache\/cells\/(.+)\.ts\((\d+),(\d+)\)/gm, (place, name, line, column) => {
    const at = origins.get(name)?.[Number(line) - 1];
    return at ? `notebooks/${name}.ipynb, cell ${at.cell}, ${at.line}:${column}` : place;
  });
}

function main() {
  const folder = path.join(root, CELLS);
  const origins = new Map();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    for (const file of committedNotebooks(root)) {
      const name = path.basename(file, ".ipynb");
      const { source, origin } = cellsAsModule(readFileSync(file, "utf8"));
      origins.set(name, origin);
      writeFileSync(path.join(folder, `${name}.ts`), source);
    }
    const tsc = path.join(root, "node_modules/typescript/lib/tsc.js");
    process.exitCode = 0;
    for (const project of PROJECTS) {
      const result = spawnSync(process.execPath, [tsc, "-p", project], { cwd: root, encoding: "utf8" });
      process.stdout.write(namePlaces(result.stdout, origins));
      process.stderr.write(result.stderr);
      if (result.status !== 0) process.exitCode = result.status ?? 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true }); // a later tsc -p . meets no cells of another day
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
