/** The recall system of the KDD Cup 2020: what the public face offers as `kdd`. */
export { kddTable } from "./kdd-table.js";
export { loadKddConfig } from "./load-kdd-config.js";
export { runKddSeeds } from "./run-kdd.js";
