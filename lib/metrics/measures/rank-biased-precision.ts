import { power } from "../../engine/power.js";
import type { MeasureFamily } from "./measure-family.js";

/**
 * RBP = (1 − p) Σ over relevant ranks i of p^(i − 1): a user looks at the first rank and goes on with probability p.
 *
 * Without a cut-off it ends with the list; what is not seen could add at most p^(length). Not normalised: with p = 0.8 a
 * single relevant document at rank 1 gives 0.2.
 *
 * @see Moffat & Zobel 2008, doi:10.1145/1416950.1416952
 */
export const rankBiasedPrecision: MeasureFamily = {
  name: "RBP",
  summary: "share of relevant documents that a user sees who goes on with probability p",
  cutoff: "optional",
  settings: ["rel", "p"],
  compute({ grades }, { k, rel, p }) {
    const end = Math.min(k, grades.length);
    let sum = 0;
    for (let i = 0; i < end; i++) if (grades[i]! >= rel) sum += power(p, i);
    return (1 - p) * sum;
  },
};
