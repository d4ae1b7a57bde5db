import type * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { type CacheLossOptions, type CacheLossResult, cacheLoss } from "./cache-loss.js";
import { arrayRows, type CachedRows } from "./cached-rows.js";
import { type CacheUpdate, type FieldRows, NegativeCache } from "./negative-cache.js";
import { absentFromCache } from "./presence-filter.js";
import { concatenatedRows, splitRows } from "./several-caches.js";

/** Runs the document network on rows of features [n, …]. */
export type DocumentNetwork = (features: FieldRows, count: number) => tf.Tensor2D;

export interface HandlerOptions extends CacheLossOptions {
  /** field that holds the embeddings (default "embedding") */
  embeddingKey?: string;
  /** fields that the document network reads */
  dataKeys: readonly string[];
  /** rows never written take part with embedding 0, as published (default false) */
  useUnwritten?: boolean;
  /** sampled rows get their fresh embedding (default true) */
  refresh?: boolean;
  /** new items equal to a cached row in these integer fields are not inserted (default: none are compared) */
  skipPresent?: readonly string[];
  /** search of the embeddings; default: plain loops over the field */
  rows?: (cache: NegativeCache) => CachedRows;
}

export interface HandlerStep {
  network: DocumentNetwork;
  queries: tf.Tensor2D;
  positives: tf.Tensor2D;
  random: Random;
  excluded?: (query: number, row: number) => boolean;
  batchNegatives?: Float32Array;
}

/**
 * One or several caches with the loss over them. Computing the loss changes nothing; {@link updates} says what a step
 * should do to the caches and {@link apply} does it, so evaluation may compute losses freely, and replicas may gather each
 * other's updates before they apply them.
 */
export class CacheHandler {
  private readonly caches: Readonly<Record<string, NegativeCache>>;
  private readonly compute: ReturnType<typeof cacheLoss>;
  private readonly embeddingKey: string;

  /** @param caches one cache, or several by name; searched as one in the order of their names */
  constructor(
    caches: NegativeCache | Readonly<Record<string, NegativeCache>>,
    private readonly options: HandlerOptions,
  ) {
    this.caches = caches instanceof NegativeCache ? { cache: caches } : caches;
    this.embeddingKey = options.embeddingKey ?? "embedding";
    this.compute = cacheLoss(options);
    for (const [name, cache] of Object.entries(this.caches))
      for (const key of [this.embeddingKey, ...options.dataKeys])
        if (!cache.specs[key])
          throw new UserError(
            `CacheHandler: ${name} must have the field "${key}", got ${Object.keys(cache.specs).join(", ")}`,
          );
  }

  /** Steps 1 and 2: the loss on the caches as they stand. Call it inside a gradient function. */
  loss({ network, ...step }: HandlerStep): CacheLossResult {
    const views = Object.fromEntries(
      Object.entries(this.caches).map(([name, cache]) => [name, this.viewOf(cache)]),
    );
    const names = Object.keys(views);
    const cached = names.length === 1 ? views[names[0]!]! : concatenatedRows(views);
    return this.compute({
      ...step,
      cached,
      embedRows: (rows) => network(this.featuresOf(rows), rows.length),
    });
  }

  /**
   * Step 3: what the step does to each cache.
   *
   * @param newItems fields of the new documents of each cache, without mask; for one cache, its fields
   */
  updates(
    result: CacheLossResult,
    newItems: Record<string, FieldRows> | FieldRows,
  ): Record<string, CacheUpdate> {
    const names = Object.keys(this.caches);
    const items = (
      names.length === 1 && !(names[0]! in newItems) ? { [names[0]!]: newItems } : newItems
    ) as Record<string, FieldRows>;
    const split = splitRows(
      result.refresh.rows,
      Object.fromEntries(names.map((name) => [name, this.caches[name]!.size])),
    );
    const out: Record<string, CacheUpdate> = {};
    for (const name of names) {
      const update: CacheUpdate = {};
      if (this.options.refresh ?? true) {
        update.refresh = { [this.embeddingKey]: result.refresh.embeddings };
        update.refreshIndices = split[name]!.indices;
        const { mask } = result.refresh;
        if (names.length > 1 || mask.includes(false))
          update.refreshMask = split[name]!.mask.map((inside, i) => inside && mask[i]!);
      }
      if (items[name]) {
        update.newItems = items[name]!;
        if (this.options.skipPresent)
          update.newItemsMask = this.absent(this.caches[name]!, items[name]!, this.options.skipPresent);
      }
      out[name] = update;
    }
    return out;
  }

  /** Step 4. @returns the rows written in each cache */
  apply(updates: Readonly<Record<string, CacheUpdate>>): Record<string, Int32Array> {
    const out: Record<string, Int32Array> = {};
    for (const [name, cache] of Object.entries(this.caches)) out[name] = cache.update(updates[name] ?? {});
    return out;
  }

  /** Features of rows of the concatenation. */
  private featuresOf(rows: Int32Array): FieldRows {
    const sizes = Object.fromEntries(Object.entries(this.caches).map(([name, { size }]) => [name, size]));
    const split = splitRows(rows, sizes);
    const features: Record<string, number[]> = {};
    for (const key of this.options.dataKeys) features[key] = [];
    for (let i = 0; i < rows.length; i++)
      for (const [name, { indices, mask }] of Object.entries(split))
        if (mask[i])
          for (const key of this.options.dataKeys)
            features[key]!.push(...this.caches[name]!.take(key, [indices[i]!]));
    return features;
  }

  /** Not in the cache, nor earlier among the new items. */
  private absent(cache: NegativeCache, items: FieldRows, keys: readonly string[]): boolean[] {
    const keep = absentFromCache(cache, items, keys, { writtenOnly: true });
    const seen = new Set<string>();
    return keep.map((absent, item) => {
      const key = keys.map((name) => {
        const width = cache.width(name);
        return Array.from({ length: width }, (_, i) => items[name]![item * width + i]).join();
      });
      const first = !seen.has(key.join(";"));
      seen.add(key.join(";"));
      return absent && first;
    });
  }

  private viewOf(cache: NegativeCache): CachedRows {
    if (this.options.rows) return this.options.rows(cache);
    const embeddings = cache.data[this.embeddingKey] as Float32Array;
    return arrayRows(
      embeddings,
      cache.width(this.embeddingKey),
      this.options.useUnwritten ? undefined : cache.written,
    );
  }
}

/**
 * Updates of several replicas as one: all of their new items and refreshes, for every replica to apply, so that their
 * caches stay equal (the published option use_cross_replica).
 */
export function gatherUpdates(updates: readonly CacheUpdate[]): CacheUpdate {
  const join = (parts: readonly (FieldRows | undefined)[]) => {
    const fields = new Set(parts.flatMap((part) => Object.keys(part ?? {})));
    return Object.fromEntries(
      [...fields].map((field) => [field, parts.flatMap((part) => Array.from(part?.[field] ?? []))]),
    );
  };
  const masks = <T extends ArrayLike<boolean | number>>(mask: T | undefined, count: number) =>
    mask ? Array.from(mask, Boolean) : new Array<boolean>(count).fill(true);
  const out: CacheUpdate = {};
  const withNew = updates.filter((update) => update.newItems);
  if (withNew.length > 0) {
    out.newItems = join(withNew.map((update) => update.newItems));
    if (withNew.some((update) => update.newItemsMask))
      out.newItemsMask = withNew.flatMap((update) => {
        if (!update.newItemsMask)
          throw new UserError("gatherUpdates: all replicas must mask new items, or none");
        return Array.from(update.newItemsMask, Boolean);
      });
  }
  const refreshing = updates.filter((update) => update.refresh && update.refreshIndices);
  if (refreshing.length > 0) {
    out.refresh = join(refreshing.map((update) => update.refresh));
    out.refreshIndices = refreshing.flatMap((update) => Array.from(update.refreshIndices!));
    out.refreshMask = refreshing.flatMap((update) =>
      masks(update.refreshMask, update.refreshIndices!.length),
    );
  }
  return out;
}
