import { encodeAll } from "../encoders/encode-all.js";
import type { Listener } from "../engine/progress.js";
import { configCleaning } from "../experiment/config-cleaning.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { createVectorizer } from "../experiment/vectorizers.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { exactSearch } from "../retrieval/indexes/exact-search.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";
import { vectorizeText } from "../tokenizer/text-vectorizer.js";
import { hostFacts } from "../tracking/run-folder.js";
import type { MachineFigure } from "./tuning-folder.js";

/** Queries that are timed, one by one. */
const TIMED = 200;

/**
 * Times trial 0 on this machine: embedding a query, and searching its documents exhaustively; medians over validation
 * queries asked one at a time. Measured once for a tuning and kept, for what is measured anew differs from time to time.
 */
export async function measureMachine(dir: string, listener: Listener): Promise<MachineFigure> {
  const { config, encoder } = await openEncoder(dir, { listener });
  try {
    const data = await loadExperiment(config, listener, { training: false });
    const { pool, queries } = data.sets[0]!;
    const dim = encoder.outputDim;
    const documents = encodeAll(encoder, data.features.documentFeatures.encode(pool.items), "document");
    const encodeTimes: number[] = [];
    const scanTimes: number[] = [];
    for (const { fields } of queries.slice(0, TIMED)) {
      const began = performance.now();
      const embedded = encodeAll(encoder, data.features.queryFeatures.encode([fields]), "query");
      const encoded = performance.now();
      exactSearch({ documents, dim, queries: embedded, k: 10 });
      encodeTimes.push(encoded - began);
      scanTimes.push(performance.now() - encoded);
    }
    const { clean } = configCleaning(config);
    const { text_feature: column } = queryOf(config);
    const texts = queries.slice(0, TIMED).map(({ fields }) => clean(ownEntry(fields, column) ?? ""));
    return {
      cpu: hostFacts().cpu,
      encodeMs: median(encodeTimes),
      encodeFloats: encodeFloats(config, texts),
      scanMs: median(scanTimes),
      scanFloats: pool.items.length * dim,
      documents: pool.items.length,
      queries: texts,
    };
  } finally {
    encoder.dispose();
  }
}

/**
 * Time of one query of a trial, by what it reads: rows of its tokens and layers to embed it, all documents' vectors to
 * search. Embedding is never estimated below the figure, much of which is the cost of a call.
 */
export function estimateQueryMs(config: ExperimentConfig, figure: MachineFigure): number {
  const encode = Math.max(1, encodeFloats(config, figure.queries) / figure.encodeFloats);
  const scan = (figure.documents * config.model.output_dim) / figure.scanFloats;
  return figure.encodeMs * encode + figure.scanMs * scan;
}

/** Floats read to embed a query, mean over texts. */
function encodeFloats(config: ExperimentConfig, texts: readonly string[]): number {
  const { model } = config;
  if (model.type !== "TwoTower")
    throw new UserError(`limits.query_ms: is estimated for models of type TwoTower, got ${model.type}`);
  const vectorizer = createVectorizer(config);
  let ids = 0;
  for (const text of texts) ids += vectorizeText(vectorizer, text).filter((id) => id !== 0).length;
  const { embedding_dim: dim } = model.text_embedding;
  const widths = [dim, ...model.hidden_layers, ...(model.last_linear ? [model.output_dim] : [])];
  const layers = widths.slice(1).reduce((sum, width, i) => sum + width * widths[i]!, 0);
  return (ids / texts.length) * dim + layers;
}

function queryOf({ model }: ExperimentConfig): { text_feature: string } {
  const { query } = model as { query: { text_feature?: string } };
  if (query.text_feature === undefined)
    throw new UserError("limits.query_ms: is estimated for queries of text, got none");
  return { text_feature: query.text_feature };
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1]!;
}
