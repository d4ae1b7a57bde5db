import type * as tf from "@tensorflow/tfjs";
import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { Random } from "../../engine/random/random.js";
import type { PairBatch, PairSet } from "../../experiment/pairs.js";
import type { CacheConfig } from "../../experiment/sections/negatives.js";
import { takeRows } from "../../features/batch.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { candidateMask, type KnownPositives, positivesByQuery } from "../../losses/candidate-mask.js";
import { unitRows } from "../../losses/cosine.js";
import { CacheHandler } from "../../negatives/cache/cache-handler.js";
import { type CacheLossResult, meanCacheLoss } from "../../negatives/cache/cache-loss.js";
import { CodedRows } from "../../negatives/cache/coded-rows.js";
import { NegativeCache } from "../../negatives/cache/negative-cache.js";
import { retrieveGumbelMax, retrieveMaximum } from "../../negatives/cache/retrieval.js";
import { scaledTransform } from "../../negatives/cache/score-transform.js";
import type { Objective, PreparedStep } from "./objective.js";

/**
 * Softmax over a negative cache on cosines / τ: the cache holds the numbers of training documents and their unit
 * embeddings. What a step minimises is the surrogate, whose value means nothing; the interpretable loss is measured.
 */
export class NegativeCacheObjective implements Objective {
  readonly weights: Record<string, tf.Variable> = {};
  readonly cache: NegativeCache;
  private readonly handler: CacheHandler;
  private readonly positives: KnownPositives;
  private readonly coded: CodedRows | null;
  /** row that last held each document; it still does if the row says so */
  private readonly rowOf: Int32Array;
  private pending: { result: CacheLossResult; ids: Int32Array; embeddings: Float32Array } | null = null;
  private seen = { steps: 0, loss: 0, staleness: 0 };

  /** @throws RangeError for a cache that is larger than the corpus */
  constructor(
    private readonly options: CacheConfig & { temperature: number; batchSize: number },
    private readonly pairs: PairSet,
    private readonly encoder: Encoder,
    private readonly random: Random,
  ) {
    const corpus = pairs.documents.size;
    if (options.size > corpus)
      throw new UserError(
        `negatives.size: the cache must not be larger than the training documents (${corpus}), got ${options.size}`,
      );
    this.positives = positivesByQuery(pairs.queryOf, pairs.documentOf);
    const specs = {
      document: { shape: [], dtype: "int32" },
      embedding: { shape: [encoder.outputDim], dtype: "float32" },
    } as const;
    this.cache = new NegativeCache(specs, options.size, { useLru: options.use_lru });
    this.rowOf = new Int32Array(corpus).fill(-1);
    this.coded = options.search === "coded" ? codedRows(this.cache, options) : null;
    const { coded } = this;
    this.handler = new CacheHandler(this.cache, {
      ...(coded && { rows: () => coded }),
      dataKeys: ["document"],
      transform: scaledTransform(1 / options.temperature),
      topK: options.top_k,
      retrieval: options.retrieval === "max" ? retrieveMaximum : retrieveGumbelMax(),
      refresh: options.refresh,
    });
  }

  beginEpoch(): null {
    if (this.options.prefill && !this.cache.written.includes(1))
      this.fill(Int32Array.from({ length: this.options.size }, (_, row) => row));
    this.coded?.refit(this.random.fork("axes"));
    return null;
  }

  /** Puts training documents into the cache as the encoder embeds them now. */
  fill(documents: Int32Array): void {
    const part = takeRows(this.pairs.documents, documents);
    const embeddings = encodeAll(this.encoder, part, "document");
    const { outputDim: dim } = this.encoder;
    for (let from = 0; from < embeddings.length; from += dim) {
      const row = embeddings.subarray(from, from + dim);
      const norm = Math.max(1e-8, Math.hypot(...row));
      for (let d = 0; d < dim; d++) row[d]! /= norm;
    }
    this.noteRows(this.cache.update({ newItems: { document: documents, embedding: embeddings } }));
    this.coded?.refit(this.random.fork("axes"));
  }

  prepare(batch: PairBatch, step: number): PreparedStep {
    const documentsOf = this.cache.data["document"]!;
    if (this.coded && needsAxes(step)) this.coded.refit(this.random.fork("axes"));
    const masked = this.options.mask === "known_positives";
    const positives = Array.from(batch.queryIds, (query) => this.positives(query));
    return {
      documents: batch.documents,
      documentIds: batch.documentIds,
      loss: (queries, documents) => {
        const unit = unitRows(documents);
        const result = this.handler.loss({
          network: ({ document }) =>
            unitRows(this.encoder.embedDocuments(takeRows(this.pairs.documents, document!))),
          queries: unitRows(queries),
          positives: unit,
          random: this.random.fork(`cache-${step}`),
          ...(masked && {
            excluded: (query: number, row: number) => positives[query]?.has(documentsOf[row]!) ?? false,
          }),
          ...(this.options.in_batch && {
            batchNegatives: candidateMask(
              batch.queryIds,
              batch.documentIds,
              masked ? "known_positives" : "none",
              this.positives,
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
    const updates = this.handler.updates(result, { document: ids, embedding: embeddings });
    if (this.options.skip_present) updates["cache"]!.newItemsMask = this.absent(ids);
    const { cache: written } = this.handler.apply(updates);
    this.noteRows(written!);
    this.coded?.update(written!);
    this.seen.steps++;
    this.seen.loss += mean(result.interpretableLoss);
    this.seen.staleness += mean(result.staleness);
    this.pending = null;
  }

  /** Documents that no row holds, each the first time it stands in the batch. */
  private absent(ids: Int32Array): boolean[] {
    const documents = this.cache.data["document"]!;
    const seen = new Set<number>();
    return Array.from(ids, (id) => {
      const row = this.rowOf[id]!;
      const cached = row >= 0 && documents[row] === id;
      const first = !seen.has(id);
      seen.add(id);
      return first && !cached;
    });
  }

  private noteRows(rows: Int32Array): void {
    const documents = this.cache.data["document"]!;
    for (const row of rows) this.rowOf[documents[row]!] = row;
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
    this.noteRows(Int32Array.from(this.cache.written.keys()).filter((row) => this.cache.written[row] === 1));
  }
}

/** Axes are found anew as the first embeddings settle, and then now and again. */
function needsAxes(step: number): boolean {
  return (step >= 32 && (step & (step - 1)) === 0) || (step > 0 && step % 1024 === 0);
}

function codedRows(cache: NegativeCache, options: CacheConfig & { batchSize: number }): CodedRows {
  const coded = CodedRows.create(cache, "embedding", {
    groups: options.top_k ?? cache.size,
    maxQueries: options.batchSize,
  });
  if (!coded)
    throw new UserError(
      "negatives.search: coded needs relaxed SIMD, embeddings of 16 numbers or more and groups of a multiple of 8 rows; use exact",
    );
  return coded;
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
