import { totalRelevant } from "../judged-ranking.js";
import type { MeasureFamily } from "./measure-family.js";

/**
 * bpref = 1/R Σ over retrieved relevant documents of 1 − min(judged non-relevant above it, R) / min(R, N).
 *
 * R relevant and N judged non-relevant documents; unjudged ones are passed over. 0 if nothing is relevant.
 *
 * @see Buckley & Voorhees 2004, doi:10.1145/1008992.1009000, in trec_eval's form with min(R, N)
 */
export const bpref: MeasureFamily = {
  name: "bpref",
  summary: "how seldom judged non-relevant documents stand above relevant ones",
  cutoff: "none",
  settings: ["rel"],
  compute(ranking, { rel }) {
    const relevant = totalRelevant(ranking, rel);
    const limit = Math.min(relevant, ranking.judged.length - relevant);
    let above = 0;
    let sum = 0;
    for (const grade of ranking.grades) {
      if (grade >= rel) sum += above === 0 ? 1 : 1 - Math.min(above, relevant) / limit;
      else if (grade >= 0) above++;
    }
    return relevant === 0 ? 0 : sum / relevant;
  },
};
