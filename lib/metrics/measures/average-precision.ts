import { totalRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/** Mean over all relevant documents of the precision at their ranks, 0 for those not within k; 0 if nothing is relevant. */
export const averagePrecision: MeasureFamily = {
  name: "MAP",
  summary: "mean over the relevant documents of the precision at their ranks",
  cutoff: "optional",
  settings: ["rel"],
  compute(ranking, { k, rel }) {
    const total = totalRelevant(ranking, rel);
    const end = Math.min(k, ranking.grades.length);
    let hits = 0;
    let sum = 0;
    for (let i = 0; i < end; i++) if (ranking.grades[i]! >= rel) sum += ++hits / (i + 1);
    return total === 0 ? 0 : sum / total;
  },
};
