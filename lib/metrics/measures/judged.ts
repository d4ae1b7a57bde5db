import type { MeasureFamily } from "./measure-family.js";

/** Share of the first k retrieved documents that are judged; 0 for an empty list. A list shorter than k counts as it is. */
export const judged: MeasureFamily = {
  name: "Judged",
  summary: "share of the first k retrieved documents that are judged",
  cutoff: "optional",
  settings: [],
  compute({ grades }, { k }) {
    const end = Math.min(k, grades.length);
    let count = 0;
    for (let i = 0; i < end; i++) if (!Number.isNaN(grades[i])) count++;
    return end === 0 ? 0 : count / end;
  },
};
