/**
 * Test files that get a process of their own, and why. All others share one process for each core, and what they import
 * with it, which takes a third to a half of the CPU time of a process a file. A file belongs here when it leaves behind
 * what other files would meet: each of these made another file fail, or was made to fail, when they shared.
 */
export const OWN_PROCESS = {
  "tests/training/backend-steps.test.ts": "registers a backend, and counts what kernels of all others run",
  "tests/losses/batch-losses.test.ts": "registers a loss, and compares the list of all",
  "tests/negatives/miners.test.ts": "registers a miner",
  "tests/optimizers/more-optimizers.test.ts": "registers an optimiser",
  "tests/optimizers/schedules.test.ts": "registers a schedule",
  "tests/training/fit/fit.test.ts": "registers parts",
  "tests/training/fit/registered.test.ts": "registers parts",
  "tests/reporting/display.test.ts": "mocks what draws pictures, which other files have loaded",
  "tests/retrieval/indexes/code-graph-threads.test.ts": "mocks a module that other files have loaded",
  "tests/retrieval/indexes/exact-index-threads.test.ts": "mocks a module that other files have loaded",
  "tests/node-versions.test.ts": "starts processes only; nothing of the library is to be loaded beside them",
};
