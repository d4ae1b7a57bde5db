"use strict";
const { describe } = require("./error-messages.cjs");

let late = null;

/**
 * Errors outside any cell: from timers, or promises that nobody awaits. They show in the latest cell's output.
 * With `strict` (headless runs) the cell that runs, or else the next one, also fails with such an error, so that
 * no notebook passes with one. Without it a stray error must not cost an author the state of the kernel.
 *
 * @param {boolean} strict
 * @param {() => void} endRunningCell  so that a cell does not wait for what will never come
 */
function install(strict, endRunningCell) {
  for (const kind of ["uncaughtException", "unhandledRejection"]) {
    process.on(kind, (error) => {
      console.error(`${kind} outside a cell:`, error);
      if (!strict || late) return;
      const { ename, evalue, stack } = describe(error);
      const where = "outside a cell (a timer, or a promise that nobody awaited)";
      late = { ename, evalue: `${evalue}, thrown ${where}`, stack: `thrown ${where}:\n${stack}` };
      endRunningCell();
    });
  }
  if (!strict) return;
  const { JupyterHandlerImpl } = require("tslab/dist/jupyter.js");
  const handleExecute = JupyterHandlerImpl.prototype.handleExecute;
  JupyterHandlerImpl.prototype.handleExecute = async function (...args) {
    const reply = late ? { execution_count: this.execCount } : await handleExecute.apply(this, args);
    if (!late) return reply;
    const { ename, evalue, stack } = late;
    return { ...reply, status: "error", ename, evalue, traceback: stack.split("\n") };
  };
}

module.exports = { install };
