import { countRelevant, totalRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/** Recall@k = relevant in the top k / relevant; 0 if nothing is relevant. */
export const recall: MeasureFamily = {
  name: "Recall",
  summary: "share of the relevant documents found in the first k ranks",
  cutoff: "optional",
  settings: ["rel"],
  compute(ranking, { k, rel }) {
    const total = totalRelevant(ranking, rel);
    return total === 0 ? 0 : countRelevant(ranking, k, rel) / total;
  },
};
