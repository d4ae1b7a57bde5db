#!/usr/bin/env node
// Notebooks are committed without outputs, execution counts and editors' metadata.
//   node tools/nb-clean.mjs [--check] [NOTEBOOK ...]     default: notebooks/*.ipynb
//   node tools/nb-clean.mjs --stdin                      as a git filter, see .gitattributes
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * A notebook's text as it is committed. Kept: sources, cell ids, attachments, cell tags, and of the notebook's
 * metadata kernelspec, language_info and qdrl (small parameters). Dropped: everything else, and cells that the
 * runner injected. Cleaning twice changes nothing.
 *
 * @param {string} text  of an .ipynb file
 * @param {string} name  for the message
 * @returns {string}
 * @throws {Error} when the text is not a notebook
 */
export function cleanNotebook(text, name = "notebook") {
  let notebook;
  try {
    notebook = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name}: must be JSON (${error.message})`);
  }
  if (!Array.isArray(notebook?.cells)) throw new Error(`${name}: must have a list "cells"`);
  const cells = notebook.cells.filter((cell) => !tagsOf(cell).includes("injected-parameters")).map(cleanCell);
  const metadata = pick(notebook.metadata ?? {}, ["kernelspec", "language_info", "qdrl"]);
  if (metadata.language_info)
    metadata.language_info = pick(metadata.language_info, ["name", "file_extension"]);
  return `${JSON.stringify({ ...notebook, cells, metadata }, null, 1)}\n`;
}

function cleanCell(cell) {
  const tags = tagsOf(cell);
  const cleaned = { ...cell, metadata: tags.length > 0 ? { tags } : {} };
  return cell.cell_type === "code" ? { ...cleaned, execution_count: null, outputs: [] } : cleaned;
}

function tagsOf(cell) {
  return cell.metadata?.tags ?? [];
}

function pick(record, names) {
  return Object.fromEntries(
    names.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]),
  );
}

/** notebooks/*.ipynb of the workspace, sorted. */
export function committedNotebooks(root) {
  const folder = path.join(root, "notebooks");
  const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
  return names.sort().map((name) => path.join(folder, name));
}

function main(args) {
  if (args.includes("--stdin")) {
    process.stdout.write(cleanNotebook(readFileSync(0, "utf8"), "standard input"));
    return;
  }
  const check = args.includes("--check");
  const named = args.filter((arg) => !arg.startsWith("--"));
  const root = path.resolve(fileURLToPath(import.meta.url), "../..");
  for (const file of named.length > 0 ? named : committedNotebooks(root)) {
    const label = path.relative(process.cwd(), file);
    try {
      const before = readFileSync(file, "utf8");
      const after = cleanNotebook(before, label);
      if (before === after) continue;
      if (check) {
        console.error(`${label}: has outputs or editors' metadata; run: node tools/nb-clean.mjs ${label}`);
        process.exitCode = 1;
      } else {
        writeFileSync(file, after);
        console.log(`cleaned ${label}`);
      }
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
