// Who may import whom inside lib: the pipeline from configuration to studies, each room standing on those before it.

/**
 * Folders that every other may import: how parts declare themselves and YAML is read against that, files on disk, and
 * tensors, tables and random numbers.
 */
const GROUND = ["config", "files", "engine"];

/** Folder of lib → folders of lib that it may import (besides its own and the ground). */
const ROOMS = {
  metrics: [],
  tokenizer: [],
  typos: ["tokenizer"],
  negatives: [],
  losses: ["negatives"],
  optimizers: [],
  tracking: [],
  reporting: ["metrics"],
  datasets: ["tokenizer"],
  features: ["tokenizer", "datasets"],
  encoders: ["tokenizer", "datasets", "features"],
  fused: ["tokenizer", "features", "encoders", "losses", "optimizers"],
  experiment: ["metrics", "tokenizer", "typos", "datasets", "features", "losses", "optimizers", "encoders"],
  retrieval: ["metrics", "tokenizer", "typos", "tracking", "datasets", "features", "encoders", "experiment"],
  evaluation: [
    "metrics",
    "tokenizer",
    "typos",
    "tracking",
    "datasets",
    "features",
    "negatives",
    "encoders",
    "experiment",
    "retrieval",
  ],
  training: [
    "metrics",
    "tokenizer",
    "tracking",
    "datasets",
    "features",
    "losses",
    "negatives",
    "optimizers",
    "encoders",
    "fused",
    "experiment",
    "retrieval",
    "evaluation",
  ],
  runs: [
    "metrics",
    "tokenizer",
    "typos",
    "tracking",
    "datasets",
    "features",
    "losses",
    "optimizers",
    "encoders",
    "experiment",
    "retrieval",
    "evaluation",
    "training",
  ],
  browser: ["metrics", "tokenizer", "typos", "features", "encoders", "experiment", "retrieval"],
  tuning: [
    "metrics",
    "tokenizer",
    "tracking",
    "reporting",
    "datasets",
    "encoders",
    "experiment",
    "retrieval",
    "training",
    "runs",
  ],
  analysis: [
    "metrics",
    "tokenizer",
    "typos",
    "tracking",
    "reporting",
    "datasets",
    "features",
    "encoders",
    "experiment",
    "retrieval",
    "evaluation",
    "training",
    "runs",
    "browser",
  ],
  cluster: [
    "metrics",
    "tracking",
    "reporting",
    "datasets",
    "experiment",
    "retrieval",
    "evaluation",
    "training",
    "runs",
    "analysis",
  ],
};

const BELOW_STUDIES = Object.keys(ROOMS).filter((room) => room !== "fused" && room !== "cluster");

/** Folder of lib → folders of lib that it may import (besides its own). */
export const MAY_IMPORT = {
  config: ["files"],
  files: [],
  engine: ["files"],
  ...Object.fromEntries(Object.entries(ROOMS).map(([room, below]) => [room, [...GROUND, ...below]])),
  studies: [...GROUND, ...BELOW_STUDIES],
  annotation: [...GROUND, ...BELOW_STUDIES, "studies"],
  service: [...GROUND, ...BELOW_STUDIES, "cluster", "annotation"],
  client: [],
  cli: [...GROUND, ...BELOW_STUDIES, "cluster", "annotation", "service", "studies"],
};

/** What notebooks may not import: commands are one face of the library, notebooks the other. */
export const CLOSED_TO_NOTEBOOKS = ["cli"];

/** Folders that may not touch the disk (node:fs): what computes takes values and returns values. */
export const DISKLESS = [
  "tokenizer",
  "typos",
  "metrics",
  "losses",
  "negatives",
  "optimizers",
  "features",
  "fused",
  "engine",
  "encoders",
  "browser",
];

/** Files in them that may: what looks for the native library, reads compiled kernels or imported models. */
export const DISK_EXCEPTIONS = [
  /^engine\/(backend|jit\/graph-store)\.ts$/,
  /^engine\/kernels\/[^/]+\.ts$/,
  /^encoders\/(pretrained\/[^/]+|extract-pictures)\.ts$/,
];
