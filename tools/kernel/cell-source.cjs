"use strict";
const ts = require("@tslab/typescript-for-tslab");
const cellLines = require("./cell-lines.cjs");

/** The public faces as a cell must name them: cells run at the root of the workspace. */
const FACES = new Map([
  ["qdrl", "./lib/index.js"],
  ["qdrl/client", "./lib/client/client.js"],
]);

/** Makes tslab convert the mended source of a cell in place of what was typed. */
function install() {
  const module = require("tslab/dist/converter.js");
  const create = module.createConverter;
  module.createConverter = (options) => {
    const converter = create(options);
    const convert = (previous, source) => {
      const mended = mendCell(source);
      const result = converter.convert(previous, mended);
      cellLines.converted(mended, result.output ?? "");
      return result;
    };
    return { ...converter, convert };
  };
}

/**
 * Rewrites what tslab gets wrong:
 * - `from "qdrl"` (or "qdrl/client") is this workspace, whose exports name TypeScript that only tslab's own compiler can
 *   load: becomes the path of that file, in imports and in `import()`;
 * - `{ epochs }` with `epochs` from an earlier cell is a ReferenceError: becomes `{ epochs: epochs }`;
 * - `await (x)` at the top is read as a call of a function named await: becomes `await Promise.resolve((x))`;
 * - a cell whose only top-level await is `for await` is a SyntaxError: `await 0;` is put in front.
 * Line numbers stay as they are.
 *
 * @param {string} source  a cell
 * @returns {string}
 */
function mendCell(source) {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, true);
  const insertions = []; // [offset, text, length of what it replaces]
  let forAwait = false;
  let plainAwait = false;
  const visit = (node, atTop) => {
    const face = faceSpecifier(node);
    if (face) insertions.push([face.getStart(file) + 1, FACES.get(face.text), face.text.length]);
    // `({ a = 1 } = o)` becomes `({ a: a = 1 } = o)` likewise
    if (ts.isShorthandPropertyAssignment(node)) insertions.push([node.name.end, `: ${node.name.text}`]);
    const operand = atTop ? parenthesizedOperand(node, file) : null;
    if (operand) insertions.push([operand.start, "Promise.resolve("], [operand.end, ")"]);
    if (operand) plainAwait = true;
    if (atTop && ts.isForOfStatement(node) && node.awaitModifier) forAwait = true;
    if (atTop && ts.isAwaitExpression(node)) plainAwait = true;
    const inside = atTop && !ts.isFunctionLike(node) && !ts.isClassLike(node);
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(file, true);
  let mended = source;
  for (const [offset, text, replaced = 0] of insertions.sort((a, b) => b[0] - a[0])) {
    mended = mended.slice(0, offset) + text + mended.slice(offset + replaced);
  }
  return forAwait && !plainAwait ? `await 0; ${mended}` : mended;
}

/** The string that names a face which a node imports from, or undefined. */
function faceSpecifier(node) {
  const from =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : undefined;
  return from && ts.isStringLiteralLike(from) && FACES.has(from.text) ? from : undefined;
}

/**
 * The operand of an `await` that is followed by a parenthesis, or null. In a cell with imports (a module) the
 * parser sees an await expression, in others a call, to whose calls and member accesses the operand extends.
 */
function parenthesizedOperand(node, file) {
  if (ts.isAwaitExpression(node)) {
    const start = node.expression.getStart(file);
    return file.text[start] === "(" ? { start, end: node.expression.end } : null;
  }
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return null;
  if (node.expression.text !== "await") return null;
  let whole = node;
  while (ts.isLeftHandSideExpression(whole.parent) && whole.parent.expression === whole) whole = whole.parent;
  return { start: file.text.indexOf("(", node.expression.end), end: whole.end };
}

module.exports = { install, mendCell };
