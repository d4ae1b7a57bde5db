import type { DataExamination } from "../finding.js";
import type { PairCensus } from "../pair-census.js";
import { MASK } from "./duplicates.js";

const BATCH_SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/**
 * Expected false negatives among in-batch negatives, from the data alone.
 *
 * A batch is B of the N training rows, drawn without repetition. Row i with query q takes the documents of the B − 1 others as
 * negatives; one of them is false if its document is relevant to q, that is, if some row pairs it with q (copies of a text
 * count as one document, spellings of a query as one query). Let n(d) be the rows of document d and R(q) the documents of q.
 * Row i has
 *
 *   fᵢ = Σ_{d ∈ R(qᵢ)} n(d) − 1
 *
 * rows among the other N − 1 whose document is a false negative for it. Hence, drawing B − 1 of them:
 *
 *   share of negatives that are false   p = mean over i of fᵢ / (N − 1), the same for every batch size
 *   false negatives of a query          (B − 1) p
 *   queries with at least one           mean over i of 1 − Π_{j=0}^{B−2} (N − 1 − fᵢ − j) / (N − 1 − j)
 *
 * The product is computed as (1 − fᵢ / (N − 1 − (B − 2)/2))^(B−1), off by less than 10⁻⁴ where B < N / 10. These are the labelled
 * ones alone: unlabelled relevant documents come on top, so all three are lower bounds.
 *
 * @see Chuang et al. 2020, arXiv:2007.00224, for what sampled false negatives do to the contrastive loss
 */
export function expectedFalseNegatives(
  falseRows: ArrayLike<number>,
  weights: ArrayLike<number>,
  batchSize: number,
): { share: number; perQuery: number; queriesWithOne: number } {
  let rows = 0;
  for (let i = 0; i < weights.length; i++) rows += weights[i]!;
  const size = Math.min(batchSize, rows);
  if (rows < 2) return { share: 0, perQuery: 0, queriesWithOne: 0 };
  const middle = rows - 1 - (size - 2) / 2;
  let [share, hit] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]! / rows;
    share += (weight * falseRows[i]!) / (rows - 1);
    hit += weight * (1 - Math.exp((size - 1) * Math.log1p(-Math.min(falseRows[i]! / middle, 1))));
  }
  return { share, perQuery: (size - 1) * share, queriesWithOne: hit };
}

/**
 * fᵢ of {@link expectedFalseNegatives} for each query's rows at once.
 *
 * @returns per different query: f, and its rows
 */
export function falseRowsOf(census: PairCensus): { falseRows: Float64Array; weights: Float64Array } {
  const { pairs } = census;
  const queryCount = census.queries.keys.size;
  const weights = new Float64Array(queryCount);
  const texts = census.documents.keys.size;
  const groupOf = (document: number) => {
    const key = census.documentGroup(document);
    return key >= 0 ? key : texts + document;
  };
  const total = census.trainingRows;
  const queries = new Int32Array(total);
  const documents = new Int32Array(total);
  let count = 0;
  for (let row = census.firstTraining; row < census.rows; row++) {
    if (!census.isRelevant(row)) continue;
    queries[count] = census.queryGroup(pairs.query.at(row));
    documents[count++] = groupOf(pairs.document.at(row));
  }
  const popularity = new Float64Array(texts + census.documents.size);
  for (let i = 0; i < total; i++) {
    popularity[documents[i]!]!++;
    weights[queries[i]!]!++;
  }
  // rows by query, so that each different document of a query is counted once
  const starts = new Int32Array(queryCount + 1);
  for (let i = 0; i < total; i++) starts[queries[i]! + 1]!++;
  for (let q = 0; q < queryCount; q++) starts[q + 1]! += starts[q]!;
  const next = starts.slice();
  const byQuery = new Int32Array(total);
  for (let i = 0; i < total; i++) byQuery[next[queries[i]!]!++] = documents[i]!;
  const falseRows = new Float64Array(queryCount);
  for (let q = 0; q < queryCount; q++) {
    const own = byQuery.subarray(starts[q]!, starts[q + 1]!).sort();
    let sum = -1;
    for (let i = 0; i < own.length; i++) if (i === 0 || own[i] !== own[i - 1]) sum += popularity[own[i]!]!;
    falseRows[q] = Math.max(0, sum);
  }
  return { falseRows, weights };
}

/** The expected share of false negatives per batch size. */
export const batchFalseNegatives: DataExamination = {
  name: "batch-false-negatives",
  about:
    "in-batch negatives that are relevant, expected for each batch size from how often documents and queries come again",
  begin: () => ({
    finish(census) {
      if (census.trainingRows < 2) return [];
      const { falseRows, weights } = falseRowsOf(census);
      const at = (size: number) => expectedFalseNegatives(falseRows, weights, size);
      const size = Math.min(256, census.trainingRows);
      const { share, queriesWithOne } = at(size);
      const percent = (value: number, digits: number) => Number((100 * value).toFixed(digits));
      const count = Math.round(queriesWithOne * size);
      return [
        {
          check: "batch-false-negatives",
          what: `queries of a batch of ${size} that have a relevant document among their negatives (expected; ${percent(share, 3)} % of all negatives are false, at any batch size)`,
          outcome: queriesWithOne < 0.02 ? "ok" : queriesWithOne < 0.2 ? "look" : "wrong",
          count,
          of: size,
          unit: "queries of a batch",
          examples: [],
          cost:
            queriesWithOne < 0.02
              ? null
              : "the loss pushes these documents away from queries that they answer",
          mend:
            queriesWithOne < 0.02
              ? null
              : {
                  says: "leave documents that a training pair gives the query out of its negatives",
                  configuration: MASK,
                },
          table: {
            columns: [
              "batch size",
              "negatives that are false, %",
              "false negatives of a query",
              "queries with one, %",
            ],
            rows: (census.trainingRows < BATCH_SIZES[0]!
              ? [size]
              : BATCH_SIZES.filter((each) => each <= census.trainingRows)
            ).map((each) => {
              const expected = at(each);
              return [
                each,
                percent(expected.share, 4),
                Number(expected.perQuery.toFixed(3)),
                percent(expected.queriesWithOne, 1),
              ];
            }),
          },
        },
      ];
    },
  }),
};
