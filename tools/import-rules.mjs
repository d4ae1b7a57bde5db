// Who may import whom inside lib: the table "Inside lib" of the design, row by row, and nothing else.

const ALL_ABOVE_TRAINING = [
  "engine",
  "tokenizer",
  "typos",
  "datasets",
  "features",
  "encoders",
  "losses",
  "negatives",
  "optimizers",
  "metrics",
  "retrieval",
];

/** Folder of lib → folders of lib that it may import (besides its own). */
export const MAY_IMPORT = {
  engine: [],
  tokenizer: ["engine"],
  typos: ["engine"],
  datasets: ["tokenizer", "engine"],
  features: ["tokenizer", "datasets"],
  encoders: ["engine", "features"],
  losses: ["engine"],
  negatives: ["engine"],
  optimizers: ["engine"],
  metrics: ["engine"],
  retrieval: ["engine", "tokenizer"],
  // only training (and cli) sees the whole configuration, and it alone writes logs while it runs
  training: [...ALL_ABOVE_TRAINING, "tracking", "config"],
  tracking: [],
  reporting: ["metrics"],
  config: [],
  cli: [...ALL_ABOVE_TRAINING, "training", "tracking", "reporting", "config"],
};

/** Files that every folder may import: the one way to write a file whole, and the one to make a folder. */
export const FOR_EVERYBODY = ["engine/atomic-write.ts", "engine/make-folder.ts"];

/** Folders that may touch the disk (node:fs). */
export const MAY_TOUCH_DISK = ["datasets", "training", "tracking", "reporting", "config", "cli"];

/**
 * Files elsewhere that may: those two, what looks for the native library or reads compiled kernels, and those
 * that hold saved indexes (one larger than memory is mapped or read in parts, so it must keep the file itself).
 */
export const DISK_EXCEPTIONS = [
  /^engine\/(atomic-write|backend|make-folder)\.ts$/,
  /^engine\/kernels\/[^/]+\.ts$/,
  /^retrieval\/(search-kernel|index-file|hnsw-index)\.ts$/,
];
