import type { KddConfig } from "./kdd-schema.js";

/** Entries of a region's features from which on steps by graphs are the faster ones. */
const WIDE = 256;

/** What computes the steps of trainings: see `engine` of the configuration. */
export function engineOf({ engine, image, data_parallel: processes, backend }: KddConfig): "jit" | "tfjs" {
  if (engine !== "auto") return engine;
  return processes === 1 && backend !== "tensorflow" && image.feature_dim >= WIDE ? "jit" : "tfjs";
}
