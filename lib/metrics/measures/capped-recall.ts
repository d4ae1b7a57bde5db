import { countRelevant, totalRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/**
 * Relevant in the top k / min(k, relevant): Recall@k where a query with more than k relevant documents can reach 1 too;
 * 0 if nothing is relevant. BEIR calls it R_cap.
 *
 * @see Thakur et al. 2021, arXiv:2104.08663, appendix
 */
export const cappedRecall: MeasureFamily = {
  name: "CappedRecall",
  summary: "share found in the first k ranks of the relevant documents, or of k where there are more",
  cutoff: "required",
  settings: ["rel"],
  compute(ranking, { k, rel }) {
    const reachable = Math.min(k, totalRelevant(ranking, rel));
    return reachable === 0 ? 0 : countRelevant(ranking, k, rel) / reachable;
  },
};
