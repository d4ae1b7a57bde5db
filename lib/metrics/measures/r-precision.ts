import { countRelevant, totalRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/** Precision at rank R, the number of relevant documents; 0 if nothing is relevant. */
export const rPrecision: MeasureFamily = {
  name: "RPrec",
  summary: "precision at as many ranks as there are relevant documents",
  cutoff: "none",
  settings: ["rel"],
  compute(ranking, { rel }) {
    const total = totalRelevant(ranking, rel);
    return total === 0 ? 0 : countRelevant(ranking, total, rel) / total;
  },
};
