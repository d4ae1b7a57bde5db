"use strict";
const ts = require("@tslab/typescript-for-tslab");

/** Makes tslab convert the mended source of a cell in place of what was typed. */
function install() {
  const module = require("tslab/dist/converter.js");
  const create = module.createConverter;
  module.createConverter = (options) => {
    const converter = create(options);
    const convert = (previous, source) => converter.convert(previous, mendCell(source));
    return { ...converter, convert };
  };
}

/**
 * Rewrites two things that tslab gets wrong:
 * - `{ epochs }` with `epochs` from an earlier cell is a ReferenceError: becomes `{ epochs: epochs }`;
 * - a cell whose only top-level await is `for await` is a SyntaxError: `await 0;` is put in front.
 * Line numbers stay as they are.
 *
 * @param {string} source  a cell
 * @returns {string}
 */
function mendCell(source) {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, true);
  const insertions = []; // [offset, text], in source order
  let forAwait = false;
  let plainAwait = false;
  const visit = (node, atTop) => {
    // `({ a = 1 } = o)` becomes `({ a: a = 1 } = o)` likewise
    if (ts.isShorthandPropertyAssignment(node)) insertions.push([node.name.end, `: ${node.name.text}`]);
    if (atTop && ts.isForOfStatement(node) && node.awaitModifier) forAwait = true;
    if (atTop && ts.isAwaitExpression(node)) plainAwait = true;
    const inside = atTop && !ts.isFunctionLike(node) && !ts.isClassLike(node);
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(file, true);
  let mended = source;
  for (const [offset, text] of insertions.reverse()) {
    mended = mended.slice(0, offset) + text + mended.slice(offset);
  }
  return forAwait && !plainAwait ? `await 0; ${mended}` : mended;
}

module.exports = { install, mendCell };
