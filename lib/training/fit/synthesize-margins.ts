import type { FeaturePipeline } from "../../features/feature-pipeline.js";
import { UserError } from "../../files/user-error.js";
import type { FitData } from "./fit-data.js";

/** A query with a better and a worse document, and by how much a teacher scores the better one higher. */
export interface ScoredTriplet {
  query: string;
  positive: string;
  negative: string;
  margin: number;
}

/**
 * Training data for margin_mse from queries and documents without labels: for each query a search finds `numRelations`
 * candidates, a teacher scores them, and the best one (the first on ties) makes a triplet with each of the others. That is
 * queries · (numRelations − 1) triplets, fewer where a search finds fewer.
 *
 * @param options.retrieve      rows of the corpus for a query, at most k, e.g. of BM25
 * @param options.score         the teacher's scores of documents for a query, e.g. of a cross-encoder or a larger encoder
 * @param options.numRelations  default 10
 * @throws RangeError unless numRelations is an integer of 2 or more and there are as many finite scores as candidates
 * @see specs/4-finetuner.md section 8.5, vector synthesis_size
 */
export async function synthesizeMargins(
  queries: readonly string[],
  corpus: readonly string[],
  options: {
    retrieve: (query: string, k: number) => ArrayLike<number> | Promise<ArrayLike<number>>;
    score: (query: string, documents: readonly string[]) => ArrayLike<number> | Promise<ArrayLike<number>>;
    numRelations?: number;
  },
): Promise<ScoredTriplet[]> {
  const { retrieve, score, numRelations = 10 } = options;
  if (!Number.isInteger(numRelations) || numRelations < 2)
    throw new UserError(
      `synthesizeMargins: numRelations must be an integer of 2 or more, got ${numRelations}`,
    );
  const triplets: ScoredTriplet[] = [];
  for (const query of queries) {
    const documents = Array.from(await retrieve(query, numRelations), (row) => corpus[row]!);
    if (documents.length < 2) continue;
    const scores = Array.from(await score(query, documents));
    if (scores.length !== documents.length || !scores.every(Number.isFinite))
      throw new UserError(
        `synthesizeMargins: score must give ${documents.length} finite numbers, got ${scores} for "${query}"`,
      );
    const best = scores.indexOf(Math.max(...scores));
    documents.forEach((negative, i) => {
      if (i !== best)
        triplets.push({ query, positive: documents[best]!, negative, margin: scores[best]! - scores[i]! });
    });
  }
  return triplets;
}

/**
 * Triplets as training data; `feature` of the pipeline is filled with the texts.
 *
 * @throws RangeError for no triplet, or a margin that is not a finite number
 */
export function marginData(
  triplets: readonly ScoredTriplet[],
  { pipeline, feature }: { pipeline: FeaturePipeline; feature: string },
): FitData {
  if (triplets.length === 0) throw new UserError("marginData: there must be a triplet, got none");
  const bad = triplets.findIndex(({ margin }) => !Number.isFinite(margin));
  if (bad !== -1)
    throw new UserError(
      `marginData: margin of triplet ${bad} must be a finite number, got ${triplets[bad]!.margin}`,
    );
  const encode = (side: "query" | "positive" | "negative") =>
    pipeline.encode(triplets.map((triplet) => ({ [feature]: triplet[side] })));
  return {
    kind: "margins",
    queries: encode("query"),
    positives: encode("positive"),
    negatives: encode("negative"),
    margins: Float32Array.from(triplets, ({ margin }) => margin),
  };
}
