import type { MeasureFamily } from "./measure-family.js";

/** 1 / rank of the first relevant document within k, else 0. */
export const reciprocalRank: MeasureFamily = {
  name: "MRR",
  summary: "mean of 1 / rank of the first relevant document",
  cutoff: "optional",
  settings: ["rel"],
  compute({ grades }, { k, rel }) {
    const end = Math.min(k, grades.length);
    for (let i = 0; i < end; i++) if (grades[i]! >= rel) return 1 / (i + 1);
    return 0;
  },
};
