"use strict";
const path = require("node:path");
const { Worker } = require("node:worker_threads");

/**
 * "Interrupt kernel" (Jupyter sends SIGINT to the kernel's process group).
 * - Synchronous code of a cell is stopped by tslab itself (vm's breakOnSigint).
 * - A cell that awaits is ended here, as soon as the event loop gets to run.
 * - A loop that never lets it run, after the cell's first await, is ended by the watchdog thread, which asks the
 *   engine to terminate what the main thread executes.
 *
 * @param {{interrupt(): void}} executor
 */
function install(executor) {
  runCellsFromEventLoop();
  process.on("SIGINT", () => executor.interrupt());
  const watchdog = new Worker(path.join(__dirname, "watchdog.cjs"), { workerData: { parent: process.ppid } });
  watchdog.on("message", () => watchdog.postMessage("alive"));
  watchdog.unref();
}

/**
 * Cells start in a turn of the event loop of their own. Terminating drops the promise reactions that are queued
 * behind the running one; in the turn that delivered the message, the way back to Jupyter would be among them.
 */
function runCellsFromEventLoop() {
  const { JupyterHandlerImpl } = require("tslab/dist/jupyter.js");
  const handleExecuteImpl = JupyterHandlerImpl.prototype.handleExecuteImpl;
  JupyterHandlerImpl.prototype.handleExecuteImpl = async function (...args) {
    await new Promise(setImmediate);
    return await handleExecuteImpl.apply(this, args); // `return` alone would queue a reaction, see above
  };
}

module.exports = { install };
