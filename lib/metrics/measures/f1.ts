import type { MeasureFamily } from "./measure-family.js";
import { precision } from "./precision.js";
import { recall } from "./recall.js";

/** F1@k = 2PR/(P + R) of P@k and Recall@k; 0 if both are 0. */
export const f1: MeasureFamily = {
  name: "F1",
  summary: "harmonic mean of P@k and Recall@k",
  cutoff: "required",
  settings: ["rel"],
  compute(ranking, settings) {
    const p = precision.compute(ranking, settings);
    const r = recall.compute(ranking, settings);
    return p + r === 0 ? 0 : (2 * p * r) / (p + r);
  },
};
