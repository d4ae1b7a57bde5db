import type * as tf from "@tensorflow/tfjs";
import type { CacheConfig } from "../config/sections/negatives.js";
import type { Encoder } from "../encoders/encoder.js";
import type { Random } from "../engine/random.js";
import { takeRows } from "../features/batch.js";
import { candidateMask, type KnownPositives, positivesByQuery } from "../losses/candidate-mask.js";
import { unitRows } from "../losses/cosine.js";
import { CacheHandler } from "../negatives/cache/cache-handler.js";
import { type CacheLossResult, meanCacheLoss } from "../negatives/cache/cache-loss.js";
import { NegativeCache } from "../negatives/cache/negative-cache.js";
import { retrieveGumbelMax, retrieveMaximum } from "../negatives/cache/retrieval.js";
import { scaledTransform } from "../negatives/cache/score-transform.js";
import type { Objective, PreparedStep } from "./objective.js";
import type { PairBatch, PairSet } from "./pairs.js";
import type { StoredTensor } from "./tensor-file.js";

/**
 * Softmax over a negative cache on cosines / τ: the cache holds the numbers of training documents and their unit
 * embeddings. What a step minimises is the surrogate, whose value means nothing; the interpretable loss is measured.
 */
export class CacheObjective implements Objective {
  readonly weights: Record<string, tf.Variable> = {};
  readonly cache: NegativeCache;
  private readonly handler: CacheHandler;
  private readonly positives: KnownPositives;
  private pending: { result: CacheLossResult; ids: Int32Array; embeddings: Float32Array } | null = null;
  private seen = { steps: 0, loss: 0, staleness: 0 };

  /** @throws RangeError for a cache that is larger than the corpus */
  constructor(
    private readonly options: CacheConfig & { temperature: number },
    private readonly pairs: PairSet,
    private readonly encoder: Encoder,
    private readonly random: Random,
  ) {
    const corpus = pairs.documents.size;
    if (options.size > corpus)
      throw new RangeError(
        `negatives.size: the cache must not be larger than the training documents (${corpus}), got ${options.size}`,
      );
    this.positives = positivesByQuery(pairs.queryOf, pairs.documentOf);
    const specs = {
      document: { shape: [], dtype: "int32" },
      embedding: { shape: [encoder.outputDim], dtype: "float32" },
    } as const;
    this.cache = new NegativeCache(specs, options.size, { useLru: options.use_lru });
    this.handler = new CacheHandler(this.cache, {
      dataKeys: ["document"],
      transform: scaledTransform(1 / options.temperature),
      topK: options.top_k,
      retrieval: options.retrieval === "max" ? retrieveMaximum : retrieveGumbelMax(),
      refresh: options.refresh,
      ...(options.skip_present && { skipPresent: ["document"] }),
    });
  }

  beginEpoch(): null {
    return null;
  }

  prepare(batch: PairBatch, step: number): PreparedStep {
    const { positives } = this;
    const documentsOf = this.cache.data["document"]!;
    const masked = this.options.mask === "known_positives";
    return {
      documents: batch.documents,
      loss: (queries, documents) => {
        const unit = unitRows(documents);
        const result = this.handler.loss({
          network: ({ document }) =>
            unitRows(this.encoder.embedDocuments(takeRows(this.pairs.documents, document!))),
          queries: unitRows(queries),
          positives: unit,
          random: this.random.fork(`cache-${step}`),
          ...(masked && {
            excluded: (query: number, row: number) =>
              positives(batch.queryIds[query]!)?.has(documentsOf[row]!) ?? false,
          }),
          ...(this.options.in_batch && {
            batchNegatives: candidateMask(
              batch.queryIds,
              batch.documentIds,
              masked ? "known_positives" : "none",
              positives,
            ),
          }),
        });
        this.pending = {
          result: { ...result, trainingLoss: result.trainingLoss },
          ids: batch.documentIds,
          embeddings: (unit.dataSync() as Float32Array).slice(),
        };
        return meanCacheLoss(result);
      },
    };
  }

  stepDone(): void {
    if (!this.pending) return;
    const { result, ids, embeddings } = this.pending;
    this.handler.apply(this.handler.updates(result, { document: ids, embedding: embeddings }));
    this.seen.steps++;
    this.seen.loss += mean(result.interpretableLoss);
    this.seen.staleness += mean(result.staleness);
    this.pending = null;
  }

  measurements(): Record<string, number> {
    const { seen } = this;
    const { steps, loss, staleness } = seen;
    this.seen = { steps: 0, loss: 0, staleness: 0 };
    if (steps === 0) return {};
    return {
      "cache/interpretable_prediction_loss": loss / steps,
      "cache/staleness": staleness / steps,
    };
  }

  state(): Record<string, StoredTensor> {
    return Object.fromEntries(
      Object.entries(this.cache.state()).map(([name, data]) => [
        `cache/${name}`,
        { shape: [data.length], data },
      ]),
    );
  }

  restore(state: Record<string, StoredTensor>): void {
    this.cache.restore(
      Object.fromEntries(
        Object.entries(state).map(([name, { data }]) => [name.replace(/^cache\//, ""), data]),
      ),
    );
  }
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
