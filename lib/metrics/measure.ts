import { UserError } from "../files/user-error.js";
import { type JudgedRanking, judgedOnly } from "./judged-ranking.js";
import { averagePrecision } from "./measures/average-precision.js";
import { bpref } from "./measures/bpref.js";
import { cappedRecall } from "./measures/capped-recall.js";
import { f1 } from "./measures/f1.js";
import { hitRate } from "./measures/hit-rate.js";
import { judged } from "./measures/judged.js";
import type { MeasureFamily, MeasureSettings } from "./measures/measure-family.js";
import { ndcg } from "./measures/ndcg.js";
import { precision } from "./measures/precision.js";
import { rPrecision } from "./measures/r-precision.js";
import { rankBiasedPrecision } from "./measures/rank-biased-precision.js";
import { recall } from "./measures/recall.js";
import { reciprocalRank } from "./measures/reciprocal-rank.js";

/** All measures, by the first part of their names. */
export const measureFamilies: readonly MeasureFamily[] = [
  precision,
  recall,
  cappedRecall,
  hitRate,
  f1,
  reciprocalRank,
  averagePrecision,
  rPrecision,
  ndcg,
  bpref,
  judged,
  rankBiasedPrecision,
];

export interface Measure {
  /** Its canonical name: settings in a fixed order, defaults left out. */
  name: string;
  compute(ranking: JudgedRanking): number;
}

/**
 * The measure that a name stands for: `NAME@k` or `NAME(setting, …)@k`, as in `nDCG@10`, `nDCG(exp)@10`,
 * `Recall(rel=2)@100`, `RBP(p=0.95)`, `MAP(judged)@100`.
 *
 * Settings: `rel=g` (lowest relevant grade, default 1), `exp` (exponential gain of nDCG), `p=x` (persistence of RBP),
 * `judged` (unjudged documents are taken out of the list first; every measure but Judged).
 *
 * @throws RangeError for an unknown name or setting, a missing cut-off, or a value out of range
 */
export function parseMeasure(name: string): Measure {
  const match = /^([A-Za-z0-9]+)(?:\(([^()]*)\))?(?:@(.+))?$/.exec(name.trim());
  const family = measureFamilies.find((f) => f.name === match?.[1]);
  if (!match || !family)
    throw new UserError(`unknown measure "${name}"; known: ${measureFamilies.map(usage).join(", ")}`);
  const fail = (rule: string, value: string): never => {
    throw new UserError(`measure "${name}": ${rule}, got ${value}`);
  };
  const settings: MeasureSettings = { k: Number.POSITIVE_INFINITY, rel: 1, gain: "linear", p: 0.8 };
  let condensed = false;
  if (match[3] !== undefined) {
    settings.k = Number(match[3]);
    if (family.cutoff === "none") fail(`${family.name} has no cut-off`, `@${match[3]}`);
    if (!/^[1-9]\d*$/.test(match[3])) fail("the cut-off must be a positive integer", match[3]);
  } else if (family.cutoff === "required") fail(`${family.name} needs a cut-off such as @10`, "none");
  for (const part of (match[2] ?? "").split(",").map((s) => s.trim())) {
    if (part === "" && match[2] === undefined) continue;
    const [key, value] = part.split("=");
    if (part === "judged" && family !== judged) condensed = true;
    else if (part === "exp" && family.settings.includes("gain")) settings.gain = "exponential";
    else if (key === "rel" && family.settings.includes("rel")) {
      settings.rel = Number(value);
      if (!/^[1-9]\d*$/.test(value ?? "")) fail("rel must be a positive integer", String(value));
    } else if (key === "p" && family.settings.includes("p")) {
      settings.p = Number(value);
      if (!(settings.p > 0 && settings.p < 1)) fail("p must be in (0, 1)", String(value));
    } else fail(`settings must be of ${usage(family)}`, `"${part}"`);
  }
  return {
    name: canonicalName(family, settings, condensed),
    compute: (ranking) => family.compute(condensed ? judgedOnly(ranking) : ranking, settings),
  };
}

function canonicalName(
  family: MeasureFamily,
  { k, rel, gain, p }: MeasureSettings,
  condensed: boolean,
): string {
  const parts: string[] = [];
  if (gain !== "linear") parts.push("exp");
  if (rel !== 1) parts.push(`rel=${rel}`);
  if (p !== 0.8) parts.push(`p=${p}`);
  if (condensed) parts.push("judged");
  return `${family.name}${parts.length > 0 ? `(${parts.join(",")})` : ""}${k === Number.POSITIVE_INFINITY ? "" : `@${k}`}`;
}

function usage(family: MeasureFamily): string {
  const settings = family.settings.map((s) => (s === "gain" ? "exp" : `${s}=…`));
  if (family !== judged) settings.push("judged");
  const cutoff = { required: "@k", optional: "[@k]", none: "" }[family.cutoff];
  return `${family.name}${settings.length > 0 ? `[(${settings.join(", ")})]` : ""}${cutoff}`;
}
