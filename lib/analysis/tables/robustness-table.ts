import type { Consistency } from "../../evaluation/query-consistency.js";
import type { Damage, DamageByError, RobustnessCurve } from "../../evaluation/robustness-views.js";
import { plainTable, type Table, type TableCell } from "../../reporting/table.js";

const NOTE = "Means over queries with 95 % bootstrap intervals.";

/** Kinds of typo by probability: mean and 95 % interval each; the clean queries in the first row. */
export function robustnessTable(curves: readonly RobustnessCurve[], title: string): Table {
  const typos = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.typo)))].filter(
    (p) => p > 0,
  );
  const rows = curves.map(({ model, points }) => {
    const cells = (model.startsWith("clean") ? [0] : typos).map((typo): TableCell => {
      const point = points.find((candidate) => candidate.typo === typo);
      return point ? valueCell(point) : { text: "–" };
    });
    while (cells.length < typos.length) cells.push({ text: "" });
    return [model, ...cells];
  });
  const labels = ["typos", ...typos.map((p) => `p = ${p}`)];
  return plainTable(labels, rows, { title, notes: [NOTE] });
}

/** What one misspelled word costs, by kind of error, place in the word and word length. */
export function damageTable(damages: readonly DamageByError[], measure: string): Table {
  const rows = damages.map(({ by, group, ...rest }, i) => [
    damages[i - 1]?.by === by ? "" : by,
    group,
    ...damageCells(rest),
  ]);
  const labels = ["", "error", "queries", "as meant", "misspelled", "change"];
  return plainTable(labels, rows, {
    title: `${measure} when one word is misspelled`,
    notes: [NOTE, "A query that met several such errors counts once, with its mean."],
  });
}

/** Some queries before and after misspelling, one line each. */
export function changedTable(
  lines: readonly { name: string; damage: Damage | null }[],
  measure: string,
): Table {
  const rows = lines.flatMap(({ name, damage }) => (damage ? [[name, ...damageCells(damage)]] : []));
  return plainTable(["", "queries", "as meant", "misspelled", "change"], rows, {
    title: `${measure} of the queries that real misspellings change`,
    notes: [NOTE],
  });
}

/** How near the embeddings of misspelled searches are to those meant; one run a row. */
export function consistencyTable(lines: readonly { name: string; consistency: Consistency }[]): Table {
  const rows = lines.map(({ name, consistency: { cosine, others, nearest } }) => [
    name,
    valueCell(cosine),
    valueCell(others),
    valueCell(nearest),
  ]);
  return plainTable(["", "cosine to the search meant", "to the others", "meant is nearest"], rows, {
    title: `DL-Typo's ${lines[0]?.consistency.pairs.length ?? 0} searches with real typing errors`,
    notes: [
      NOTE,
      "The searches' embeddings only: the passages that DL-Typo is judged on are not part of the data set.",
    ],
  });
}

function damageCells({ queries, clean, misspelled, change }: Damage): (string | number | TableCell)[] {
  return [queries, clean.toFixed(3), misspelled.toFixed(3), valueCell(change)];
}

function valueCell({ mean, low, high }: { mean: number; low: number; high: number }): TableCell {
  return { text: mean.toFixed(3), detail: `[${low.toFixed(3)}, ${high.toFixed(3)}]` };
}
