import { countRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/** 1 if a relevant document is in the top k, else 0; trec_eval's success. */
export const hitRate: MeasureFamily = {
  name: "HitRate",
  summary: "share of queries with a relevant document in the first k ranks",
  cutoff: "required",
  settings: ["rel"],
  compute: (ranking, { k, rel }) => (countRelevant(ranking, k, rel) > 0 ? 1 : 0),
};
