/** Measures of one ranking as the Finetuner evaluator defined them; names as it printed them. */
export interface FinetunerMeasures {
  precision_at_k: number;
  recall_at_k: number;
  hit_at_k: number;
  f1_score_at_k: number;
  reciprocal_rank: number;
  average_precision: number;
  r_precision: number;
  dcg_at_k: number;
  ndcg_at_k: number;
}

/**
 * The Finetuner evaluator's measures, kept to read its published numbers. They differ from trec_eval's, which parseMeasure
 * gives: precision divides by the length of the list, average precision by the relevant documents found in it,
 * R-precision cuts at their number, nDCG compares the list with itself sorted, and DCG's discount (method 0) starts one
 * rank late: weights 1, 1, 1/log₂ 3, 1/2, …; method 1 is the usual 1/log₂(rank + 1).
 *
 * @param relevance      1 or 0 at each rank, best first (the evaluator asked for 20)
 * @param totalRelevant  relevant documents in the index
 */
export function finetunerMeasures(
  relevance: ArrayLike<number>,
  totalRelevant: number,
  options: { method?: 0 | 1 } = {},
): FinetunerMeasures {
  const { method = 0 } = options;
  const n = relevance.length;
  let found = 0;
  let first = 0;
  let precisions = 0;
  for (let i = 0; i < n; i++) {
    if (relevance[i] !== 1) continue;
    found++;
    if (first === 0) first = i + 1;
    precisions += found / (i + 1);
  }
  let atFound = 0;
  for (let i = 0; i < found; i++) if (relevance[i] === 1) atFound++;
  const precision = n === 0 ? 0 : found / n;
  const recall = totalRelevant === 0 ? 0 : found / totalRelevant;
  const weight = (i: number): number =>
    method === 1 ? 1 / Math.log2(i + 2) : i === 0 ? 1 : 1 / Math.log2(i + 1);
  let dcg = 0;
  let ideal = 0;
  for (let i = 0; i < n; i++) {
    if (relevance[i] === 1) dcg += weight(i);
    if (i < found) ideal += weight(i);
  }
  return {
    precision_at_k: precision,
    recall_at_k: recall,
    hit_at_k: found > 0 ? 1 : 0,
    f1_score_at_k: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    reciprocal_rank: first === 0 ? 0 : 1 / first,
    average_precision: found === 0 ? 0 : precisions / found,
    r_precision: found === 0 ? 0 : atFound / found,
    dcg_at_k: dcg,
    ndcg_at_k: ideal === 0 ? 0 : dcg / ideal,
  };
}
