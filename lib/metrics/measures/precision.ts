import { countRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/** P@k = relevant in the top k / k. A list shorter than k is not divided by its own length. */
export const precision: MeasureFamily = {
  name: "P",
  summary: "share of the first k ranks that hold a relevant document",
  cutoff: "required",
  settings: ["rel"],
  compute: (ranking, { k, rel }) => countRelevant(ranking, k, rel) / k,
};
