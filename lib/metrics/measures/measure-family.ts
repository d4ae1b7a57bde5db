import type { JudgedRanking } from "../judged-ranking.js";

/** How a measure is set; the default is what its bare name means. */
export interface MeasureSettings {
  /** Ranks looked at; Infinity: all. */
  k: number;
  /** Lowest grade that counts as relevant. Default 1. */
  rel: number;
  /** Gain of a grade g in nDCG: g, or 2^g − 1. Default "linear". */
  gain: "linear" | "exponential";
  /** Chance that the user of RBP goes on to the next rank. Default 0.8. */
  p: number;
}

export interface MeasureFamily {
  /** As in `P@10`. */
  name: string;
  /** One line: what it tells. */
  summary: string;
  /** Whether the name must, may or must not state a cut-off. */
  cutoff: "required" | "optional" | "none";
  /** Settings beside the cut-off that change it. */
  settings: readonly ("rel" | "gain" | "p")[];
  /** Value of one query. */
  compute(ranking: JudgedRanking, settings: MeasureSettings): number;
}
