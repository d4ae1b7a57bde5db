import { power } from "../../engine/power.js";
import type { MeasureFamily, MeasureSettings } from "./measure-family.js";

/**
 * nDCG@k = DCG of the first k ranks / DCG of the best possible first k ranks, DCG = Σ gain(gradeᵢ) / log₂(i + 1).
 *
 * The gain is the grade, as in trec_eval, or 2^grade − 1 (`exp`). The ideal list has all judged documents. Unjudged
 * documents gain nothing; 0 if nothing has a grade above 0.
 *
 * @see Järvelin & Kekäläinen 2002, doi:10.1145/582415.582418; Burges et al. 2005, doi:10.1145/1102351.1102363 (exp)
 */
export const ndcg: MeasureFamily = {
  name: "nDCG",
  summary: "discounted gain of the first k ranks as a share of the best possible",
  cutoff: "optional",
  settings: ["gain"],
  compute({ grades, judged }, settings) {
    const ideal = discountedGain(judged, settings);
    return ideal === 0 ? 0 : discountedGain(grades, settings) / ideal;
  },
};

function discountedGain(grades: Float64Array, { k, gain }: MeasureSettings): number {
  const end = Math.min(k, grades.length);
  let sum = 0;
  for (let i = 0; i < end; i++) {
    const grade = grades[i]!;
    if (grade > 0) sum += (gain === "linear" ? grade : power(2, grade) - 1) / Math.log2(i + 2);
  }
  return sum;
}
