import { parseMeasure } from "./measure.js";

/** Measured where judgements are partial and nothing else is asked for. */
const USUAL = ["nDCG@10"];

/**
 * The measures of partial judgements: each one asked for, beside it the same on the condensed list, without unjudged documents,
 * and the share of its ranks that is judged; and bpref, which passes unjudged documents over.
 *
 * @param names  as asked for; none: nDCG@10
 * @returns canonical names, each once
 * @see Sakai 2007, doi:10.1145/1277741.1277756 (condensed lists)
 */
export function partialMeasures(names: readonly string[]): string[] {
  const asked = (names.length > 0 ? names : USUAL).map((name) => parseMeasure(name).name);
  const beside = asked.flatMap((name) => {
    if (name.startsWith("Judged") || name.startsWith("bpref")) return [name];
    const cut = /@\d+$/.exec(name)?.[0] ?? "";
    return [name, condensed(name), `Judged${cut === "" ? "@10" : cut}`];
  });
  return [...new Set([...beside, "bpref"])];
}

/** nDCG(exp)@10 → nDCG(exp,judged)@10 */
function condensed(name: string): string {
  const [, family, settings, cut = ""] = /^(\w+)(?:\(([^)]*)\))?(@\d+)?$/.exec(name)!;
  const parts = new Set([...(settings === undefined ? [] : settings.split(",")), "judged"]);
  return parseMeasure(`${family}(${[...parts].join(",")})${cut}`).name;
}
