"use strict";

/**
 * "Interrupt kernel" (SIGINT). Running synchronous code is stopped by tslab itself (vm's breakOnSigint); a cell
 * that awaits is ended here.
 *
 * @param {{interrupt(): void}} executor
 */
function install(executor) {
  process.on("SIGINT", () => executor.interrupt());
}

module.exports = { install };
