import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { benjaminiHochberg } from "../metrics/benjamini-hochberg.js";
import { detectableDifferenceOf } from "../metrics/detectable-difference.js";
import { cohensDz } from "../metrics/effect-size.js";
import { holm } from "../metrics/holm.js";
import { pairedRandomizationTest } from "../metrics/randomization-test.js";
import { compareOverSeeds, perQueryMeans } from "../metrics/seeds-and-queries.js";
import type { SystemResults } from "./results-table.js";
import { formatDelta, formatP } from "./results-table-view.js";
import type { Table } from "./table.js";

/**
 * Every test of one measure against a baseline, side by side: difference with its t interval, p of the paired t-test (over
 * seeds and queries where a system has several seeds, else over queries) and of the paired randomisation test (of the means
 * over seeds, which takes the seeds as given), the first corrected by Holm and by Benjamini–Hochberg, effect size d_z, and
 * the smallest difference that these queries show with 80 % power.
 *
 * @throws RangeError if the baseline is not among the systems, or a system lacks the measure
 */
export function testsTable(
  systems: readonly SystemResults[],
  options: { baseline: string; metric: string; seed?: number },
): Table {
  const { baseline, metric, seed = 42 } = options;
  const valuesOf = (system: SystemResults) => {
    const values = ownEntry(system.values, metric);
    if (!values)
      throw new UserError(`testsTable: "${system.system}" must have values of ${metric}, got none`);
    return values;
  };
  const reference = systems.find((system) => system.system === baseline);
  if (!reference)
    throw new UserError(
      `testsTable: baseline must be one of ${systems.map((s) => s.system).join(", ")}, got "${baseline}"`,
    );
  const others = systems.filter((system) => system !== reference);
  const base = valuesOf(reference);
  const baseMeans = perQueryMeans(base);
  const tested = others.map((system) => {
    const means = perQueryMeans(valuesOf(system));
    const differences = means.map((value, q) => value - baseMeans[q]!);
    return {
      system: system.system,
      t: compareOverSeeds(valuesOf(system), base),
      randomization: pairedRandomizationTest(means, baseMeans, { seed }).p,
      effect: cohensDz(means, baseMeans),
      detectable: detectableDifferenceOf(differences),
    };
  });
  const byHolm = holm(tested.map(({ t }) => t.p));
  const byDiscovery = benjaminiHochberg(tested.map(({ t }) => t.p));
  const p = (value: number) => ({ text: formatP(value).replace(/^=\u00a0/, ""), bold: value <= 0.05 });
  return {
    title: `${metric}: tests against ${baseline}`,
    columns: [
      { label: "System" },
      { label: "Difference", detail: "95 % t interval", align: "right" },
      { label: "t-test", detail: "p", align: "right" },
      { label: "Randomisation", detail: "p", align: "right" },
      { label: "Holm", detail: "corrected p", align: "right" },
      { label: "Benjamini–Hochberg", detail: "corrected p", align: "right" },
      { label: "Effect size", detail: "d_z", align: "right" },
      { label: "Detectable", detail: "80 % power", align: "right" },
    ],
    rows: tested.map(({ system, t, randomization, effect, detectable }, i) => ({
      cells: [
        { text: system },
        {
          text: formatDelta(t.difference, 3),
          detail: `[${formatDelta(t.low, 3)}, ${formatDelta(t.high, 3)}]`,
        },
        p(t.p),
        p(randomization),
        p(byHolm[i]!),
        p(byDiscovery[i]!),
        { text: effect.toFixed(2).replace("-", "−") },
        { text: detectable.toFixed(3) },
      ],
    })),
    notes: [
      `${baseMeans.length.toLocaleString("en-US")} queries, ${tested.length} comparisons. Bold: at most .05. The corrections are of the t-test; with several seeds it is over seeds and queries, ` +
        "and the randomisation test takes the seeds as given. Detectable: the smallest true difference that these queries show in four cases of five.",
    ],
  };
}
