"use strict";
const vm = require("node:vm");
const ts = require("@tslab/typescript-for-tslab");

// tslab runs what TypeScript makes of a cell, under no name and with other line numbers than the author's. Here each
// cell's code runs under the cell's number, and a line of it is led back to the line that was typed.

/** Enough to reach a cell from the depths of tfjs; Node's 10 end inside it. */
const FRAMES = 60;
/** Frames of packages shown in a row, innermost first. */
const PACKAGE_FRAMES = 3;

/** @type {Map<string, {source: string, output: string}>} cell's name → what was typed and what runs */
const cells = new Map();
let current = null;

/** Makes the executor run each cell under its name. */
function install() {
  Error.stackTraceLimit = FRAMES;
  const run = vm.runInThisContext;
  vm.runInThisContext = (code, options) => {
    const isCell = current !== null && options?.breakOnSigint === true && options.filename === undefined;
    return run(code, isCell ? { ...options, filename: current } : options);
  };
}

/** @param {number} number  execution count of the cell that begins */
function begin(number) {
  current = `cell ${number}`;
}

/** Notes what the cell under way became. */
function converted(source, output) {
  if (current !== null) cells.set(current, { source, output });
}

/**
 * The line of a cell that a line of its JavaScript came from: the line of TypeScript's own output with the same text, the
 * same time it occurs, by its source map. Null where there is none, such as lines that only export names.
 */
function typedLine(name, line) {
  const cell = cells.get(name);
  // the value of a cell's last expression is kept under a name of tslab's
  const lines = (cell?.output.split("\n") ?? []).map((each) =>
    each.trim().replace(/^exports\.tsLastExpr\w* = /, ""),
  );
  const text = lines[line - 1];
  if (!text) return null;
  const earlier = lines.slice(0, line - 1).filter((other) => other === text).length;
  for (const module of [ts.ModuleKind.CommonJS, ts.ModuleKind.ESNext]) {
    const options = { module, target: ts.ScriptTarget.ES2021, sourceMap: true, esModuleInterop: true };
    const { outputText, sourceMapText } = ts.transpileModule(cell.source, { compilerOptions: options });
    const generated = outputText.split("\n");
    const found = generated.flatMap((other, i) => (other.trim() === text ? [i] : []))[earlier];
    if (found === undefined) continue;
    for (const mapping of ts.decodeMappings(JSON.parse(sourceMapText).mappings))
      if (mapping.generatedLine === found && mapping.sourceLine !== undefined) return mapping.sourceLine + 1;
  }
  return null;
}

/**
 * The lines of a stack for an author: frames of cells by cell and line, and of each row of frames inside packages the
 * innermost few.
 *
 * @param {string[]} lines
 */
function readableFrames(lines) {
  let inPackages = 0;
  return lines.flatMap((text) => {
    if (!/^\s+at /.test(text)) return [text];
    inPackages = /[\\/]node_modules[\\/]/.test(text) ? inPackages + 1 : 0;
    if (inPackages > PACKAGE_FRAMES) return [];
    return [
      text.replace(/(cell \d+):(\d+):\d+/, (_whole, name, line) => {
        const typed = typedLine(name, Number(line));
        return typed === null ? name : `${name}, line ${typed}`;
      }),
    ];
  });
}

module.exports = { install, begin, converted, typedLine, readableFrames };
