"use strict";
const util = require("node:util");
const cellLines = require("./cell-lines.cjs");

// tslab prints a failing cell's error as text and answers "error" without saying which. Here the executor's own
// reports are caught instead, and the answer carries name, message and stack, as Jupyter wants them.

/** What the executor's console.error is called with for a finding of the type checker. */
const DIAGNOSTIC_FORMAT = "%s%d:%d - %s";
/** Frames of the machinery under a cell; they tell an author nothing. */
const MACHINERY =
  /[\\/]tslab[\\/]dist[\\/]|[\\/]tools[\\/](tslab-kernel\.cjs|kernel[\\/])|node:vm:|node:internal/;

let failure = null;

/** Stands in for the console in tslab's executor, which logs a cell's last value and reports its errors. */
const executorConsole = {
  // lib/reporting/display.ts offers to show tables and data frames as what they are
  log: (...args) => {
    if (!globalThis.__qdrlShowValue?.(args[0])) console.log(...args);
  },
  error: (...args) => {
    failure = args[0] === DIAGNOSTIC_FORMAT ? withDiagnostic(failure, args) : describe(args[0]);
  },
};

/** @param {string} root  cut from paths in messages, so that no notebook shows where the workspace lies */
function install(root) {
  cellLines.install();
  const { JupyterHandlerImpl } = require("tslab/dist/jupyter.js");
  const prototype = JupyterHandlerImpl.prototype;
  const { handleExecute, handleExecuteImpl } = prototype;

  prototype.handleExecuteImpl = async function (...args) {
    failure = null;
    try {
      return await handleExecuteImpl.apply(this, args);
    } catch (error) {
      // an error of the machinery, not tslab's signal that the cell failed: import cycles end here
      if (error instanceof Error) failure = withHint(describe(error));
      throw error;
    }
  };

  prototype.handleExecute = async function (...args) {
    cellLines.begin((this.execCount ?? 0) + 1);
    const reply = await handleExecute.apply(this, args);
    if (reply.status === "abort") reply.status = "aborted"; // the protocol's word
    if (reply.status !== "error") return reply;
    const { ename, evalue, stack } = failure ?? { ename: "Error", evalue: "the cell failed", stack: "" };
    const short = (text) => text.split(`${root}/`).join("");
    return { ...reply, ename, evalue: short(evalue), traceback: stack.split("\n").map(short) };
  };
}

/** @param {unknown} thrown  anything a cell can throw */
function describe(thrown) {
  if (!(thrown instanceof Error)) {
    const text = typeof thrown === "string" ? thrown : util.inspect(thrown);
    return { ename: "Thrown", evalue: text, stack: `Thrown: ${text}` };
  }
  const interrupted =
    thrown.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED" || /^Interrupted asyn/.test(thrown.message);
  if (interrupted) return { ename: "Interrupted", evalue: "the cell was interrupted", stack: "Interrupted" };
  const lines = util.inspect(thrown).split("\n");
  const own = lines.filter((line) => !(/^\s+at /.test(line) && MACHINERY.test(line)));
  const stack = cellLines.readableFrames(own).join("\n");
  return { ename: thrown.name, evalue: thrown.message, stack };
}

function withDiagnostic(previous, args) {
  const line = util.format(...args);
  const stack = previous?.ename === "TypeScriptError" ? `${previous.stack}\n${line}` : line;
  return { ename: "TypeScriptError", evalue: stack.split("\n")[0], stack };
}

function withHint(report) {
  if (!/Maximum call stack/.test(report.evalue)) return report;
  const hint = `${report.evalue} (do files in lib import each other in a circle? see tools/check-imports.mjs)`;
  return { ...report, evalue: hint, stack: hint };
}

module.exports = { install, executorConsole, describe };
