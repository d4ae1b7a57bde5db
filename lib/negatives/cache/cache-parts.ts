/**
 * The negative cache for a training loop of one's own, what the public face offers as `negativeCache`: a cache, what
 * fills it from batches, its loss, and both for several replicas, which share their updates or hold a shard each.
 */

export { Random } from "../../engine/random/random.js";
export { CacheHandler, gatherUpdates } from "./cache-handler.js";
export { cacheLoss } from "./cache-loss.js";
export { arrayRows } from "./cached-rows.js";
export { NegativeCache } from "./negative-cache.js";
export { shardedLoss } from "./sharded-loss.js";
