#!/usr/bin/env node
// Checks the import rules of lib: directions (import-rules.mjs), no circles, and what tslab cannot digest.
//   node tools/check-imports.mjs [LIB_FOLDER]
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CLOSED_TO_NOTEBOOKS, DISK_EXCEPTIONS, DISKLESS, MAY_IMPORT } from "./import-rules.mjs";

const ts = createRequire(import.meta.url)("typescript");

/**
 * @param {string} lib  folder whose .ts files are checked
 * @returns {{file: string, line: number, rule: string}[]} findings, by file and line; paths relative to lib
 */
export function checkImports(lib) {
  const files = listSources(lib);
  const findings = [];
  const graph = new Map();
  for (const file of files) {
    const source = parse(lib, file);
    const report = (node, rule) => findings.push({ file, line: lineOf(source, node), rule });
    const edges = [];
    for (const { specifier, node } of importsOf(source)) {
      if (!specifier.startsWith(".")) {
        checkPackage(file, specifier, (rule) => report(node, rule));
        continue;
      }
      const target = checkRelative(lib, file, specifier, (rule) => report(node, rule));
      if (target) edges.push({ target, line: lineOf(source, node) });
    }
    graph.set(file, edges);
    reportForbiddenNames(source, report);
  }
  findings.push(...findCircles(graph));
  return findings.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

function listSources(folder, prefix = "") {
  const entries = readdirSync(path.join(folder, prefix), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const name = prefix ? `${prefix}/${entry.name}` : entry.name;
      if (entry.isDirectory()) return listSources(folder, name);
      return name.endsWith(".ts") ? [name] : [];
    })
    .sort();
}

function parse(lib, file) {
  const text = readFileSync(path.join(lib, file), "utf8");
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function lineOf(source, node) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** Static imports and re-exports (types too: a loss must not know an encoder even by type), and import("..."). */
function importsOf(source) {
  const found = [];
  const visit = (node) => {
    const from =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
    if (from && ts.isStringLiteral(from)) found.push({ specifier: from.text, node: from });
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument))
        found.push({ specifier: argument.text, node: argument });
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: node.argument.literal.text, node });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function checkPackage(file, specifier, report) {
  if (!/^(node:)?fs(\/promises)?$/.test(specifier)) return;
  const folder = file.split("/")[0];
  if (!DISKLESS.includes(folder) || DISK_EXCEPTIONS.some((pattern) => pattern.test(file))) return;
  report(`${DISKLESS.join(", ")} must not touch the disk, got ${specifier} in ${folder}`);
}

/** @returns {string | null} the imported file relative to lib */
function checkRelative(lib, file, specifier, report) {
  const joined = path.posix.join(path.posix.dirname(file), specifier);
  if (joined.startsWith("../")) {
    report(`lib imports packages and lib only, got "${specifier}"`);
    return null;
  }
  if (existsSync(path.join(lib, joined, "index.ts")) || existsSync(path.join(lib, `${joined}.ts`))) {
    report(`imports end in the file's name with .js, no folders, got "${specifier}"`);
    return null;
  }
  if (/\.json$/.test(specifier)) return null;
  if (!specifier.endsWith(".js")) {
    report(`imports end in .js, got "${specifier}"`);
    return null;
  }
  const target = joined.replace(/\.js$/, ".ts");
  if (!existsSync(path.join(lib, target))) {
    report(`no such file: "${specifier}"`);
    return null;
  }
  const [from, to] = [file.split("/")[0], target.split("/")[0]];
  if (!target.includes("/") || !file.includes("/")) return target;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) {
    report(`unknown folder "${from}"; known: ${Object.keys(MAY_IMPORT).join(", ")}`);
  } else if (from !== to && !allowed.includes(to)) {
    report(
      `${from} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing in lib"}, got ${to} ("${specifier}")`,
    );
  }
  return target;
}

/** Names that do not work in files that tslab compiles. */
function reportForbiddenNames(source, report) {
  const visit = (node) => {
    if (ts.isMetaProperty(node))
      report(node, "no import.meta in lib (tslab): paths are relative to the root");
    if (ts.isIdentifier(node) && (node.text === "__dirname" || node.text === "__filename")) {
      report(node, `no ${node.text} in lib: paths are relative to the root`);
    }
    const called = ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : "";
    if (called === "require") report(node, "no require in lib: use import");
    if (ts.isNewExpression(node) && /^(Range|Type)Error$/.test(node.expression.getText(source)))
      report(
        node,
        "a fault that a person can mend is a UserError of files/user-error.js (any other prints a stack)",
      );
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** Circles of imports, each reported once, at its alphabetically first file. */
function findCircles(graph) {
  const findings = new Map();
  const state = new Map(); // "open" while on the path, "done" after
  const trail = [];
  const visit = (file) => {
    state.set(file, "open");
    trail.push(file);
    for (const { target } of graph.get(file) ?? []) {
      if (state.get(target) === "open") {
        const circle = trail.slice(trail.indexOf(target));
        const first = circle.indexOf([...circle].sort()[0]);
        const turned = [...circle.slice(first), ...circle.slice(0, first)];
        const line = graph.get(turned[0]).find((edge) => edge.target === (turned[1] ?? turned[0])).line;
        const rule = `files import each other in a circle: ${[...turned, turned[0]].join(" → ")}`;
        findings.set(rule, { file: turned[0], line, rule });
      } else if (!state.has(target)) {
        visit(target);
      }
    }
    trail.pop();
    state.set(file, "done");
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
  return [...findings.values()];
}

/**
 * @param {string} folder  of notebooks
 * @returns {{file: string, line: number, rule: string}[]} imports of what notebooks must not see; the line counts cells
 */
export function checkNotebooks(folder) {
  const closed = new RegExp(`lib/(${CLOSED_TO_NOTEBOOKS.join("|")})/[^"'\\\\]*`, "g");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ipynb"))
    .flatMap((file) => {
      const { cells } = JSON.parse(readFileSync(path.join(folder, file), "utf8"));
      return cells.flatMap(({ cell_type: type, source }, cell) => {
        if (type !== "code") return [];
        const found = [...(Array.isArray(source) ? source.join("") : source).matchAll(closed)];
        return found.map(([text]) => ({ file, line: cell + 1, rule: `notebooks must not import ${text}` }));
      });
    })
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

function main(args) {
  const lib = path.resolve(args[0] ?? path.resolve(fileURLToPath(import.meta.url), "../../lib"));
  const findings = checkImports(lib);
  const shown = path.relative(process.cwd(), lib);
  for (const { file, line, rule } of findings) console.error(`${shown}/${file}:${line}: ${rule}`);
  if (args.length === 0)
    for (const { file, line, rule } of checkNotebooks(path.resolve(lib, "../notebooks"))) {
      console.error(`notebooks/${file}, cell ${line}: ${rule}`);
      process.exitCode = 1;
    }
  if (findings.length > 0) process.exitCode = 1;
  if (process.exitCode !== 1) console.log("imports: as the design says");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
