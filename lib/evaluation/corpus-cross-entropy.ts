import { encodeAll } from "../encoders/encode-all.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import { UserError } from "../files/user-error.js";
import { arrayRows } from "../negatives/cache/cached-rows.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";

/**
 * Cross-entropy of each query over a whole corpus: the mean over its positives p of
 * −log( exp(s_p/τ) / (exp(s_p/τ) + Σ over all documents that are no positive of exp(s/τ)) ), s = cosine.
 * What in-batch softmax and a negative cache estimate from a part of the corpus.
 *
 * @param embeddings  queries [Q, dim] and documents [N, dim], any length; not changed
 * @param relevant    positives of query q, at least one
 * @returns [Q], nats
 * @throws RangeError if τ ≤ 0, or for a query without a positive
 */
export function corpusCrossEntropy(
  embeddings: { queries: Float32Array; documents: Float32Array; dim: number },
  relevant: (query: number) => ReadonlySet<number>,
  temperature: number,
): Float64Array {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new UserError(`corpusCrossEntropy: temperature must be > 0, got ${temperature}`);
  const { dim } = embeddings;
  const queries = unit(embeddings.queries, dim);
  const documents = unit(embeddings.documents, dim);
  const [count, size] = [queries.length / dim, documents.length / dim];
  const out = new Float64Array(count);
  const corpus = arrayRows(documents, dim);
  const part = 256;
  for (let from = 0; from < count; from += part) {
    const end = Math.min(count, from + part);
    const { scores } = corpus.groupMaxima(queries.subarray(from * dim, end * dim), size);
    for (let q = from; q < end; q++)
      out[q] = ofQuery(
        scores.subarray((q - from) * size, (q - from + 1) * size),
        relevant(q),
        temperature,
        q,
      );
  }
  return out;
}

function ofQuery(scores: Float32Array, positives: ReadonlySet<number>, temperature: number, query: number) {
  if (positives.size === 0)
    throw new UserError(`corpusCrossEntropy: a query must have a positive, got none of query ${query}`);
  let others = 0;
  // cosines are at most 1, so nothing can overflow
  scores.forEach((score, d) => {
    if (!positives.has(d)) others += Math.exp((score - 1) / temperature);
  });
  let sum = 0;
  for (const positive of positives) {
    const logit = (scores[positive]! - 1) / temperature;
    sum += Math.log(Math.exp(logit) + others) - logit;
  }
  return sum / positives.size;
}

function unit(rows: Float32Array, dim: number): Float32Array {
  const out = rows.slice();
  for (let at = 0; at < out.length; at += dim) {
    let square = 0;
    for (let d = 0; d < dim; d++) square += out[at + d]! ** 2;
    const norm = Math.max(1e-8, Math.sqrt(square));
    for (let d = 0; d < dim; d++) out[at + d]! /= norm;
  }
  return out;
}

/** {@link corpusCrossEntropy} of a run on one of its evaluation sets, a value per query, at the run's temperature. */
export async function runCorpusCrossEntropy(dir: string, set: string): Promise<Float64Array> {
  const { config, encoder } = await openEncoder(dir);
  try {
    const { sets, features } = await loadExperiment(config, {}, { training: false });
    const found = sets.find(({ name }) => name === set);
    if (!found)
      throw new UserError(
        `runCorpusCrossEntropy: set must be one of ${sets.map(({ name }) => name).join(", ")}, got "${set}"`,
      );
    const { pool, queries } = found;
    const temperature = "temperature" in config.loss ? config.loss.temperature : 1;
    const embeddings = {
      documents: encodeAll(encoder, features.documentFeatures.encode(pool.items), "document"),
      queries: encodeAll(
        encoder,
        features.queryFeatures.encode(queries.map(({ fields }) => fields)),
        "query",
      ),
      dim: encoder.outputDim,
    };
    return corpusCrossEntropy(embeddings, (q) => queries[q]!.relevant, temperature);
  } finally {
    encoder.dispose();
  }
}
