import { holm } from "../metrics/holm.js";
import { perQueryMeans } from "../metrics/seeds-and-queries.js";
import { pairedTest, type SystemResults, type TestChoice } from "./results-table.js";
import { formatDelta, formatP } from "./results-table-view.js";
import type { Table, TableCell } from "./table.js";

/**
 * Every pair of systems on one measure: queries on which the row's system is better, equal and worse than the column's (means
 * over seeds), the mean difference, and a paired test, Holm-corrected for all pairs. Cell (b, a) mirrors (a, b).
 *
 * @param options.metric  a metric that every system has
 */
export function pairsTable(
  systems: readonly SystemResults[],
  options: { metric: string; title: string; test?: TestChoice; alpha?: number; seed?: number },
): Table {
  const { metric, title, test = "automatic", alpha = 0.05, seed = 42 } = options;
  const values = systems.map((system) => system.values[metric]!);
  const means = values.map(perQueryMeans);
  const pairs = systems.flatMap((_, a) => systems.slice(a + 1).map((_, at) => [a, a + 1 + at] as const));
  const adjusted = holm(pairs.map(([a, b]) => pairedTest(values[a]!, values[b]!, seed, test).p));
  const cells = new Map<string, TableCell>();
  pairs.forEach(([a, b], i) => {
    cells.set(`${a} ${b}`, pairCell(means[a]!, means[b]!, adjusted[i]!, alpha));
    cells.set(`${b} ${a}`, pairCell(means[b]!, means[a]!, adjusted[i]!, alpha));
  });
  return {
    title,
    columns: [
      { label: "System" },
      ...systems.map(({ system }) => ({
        label: `against ${system}`,
        definition: `Queries won, tied and lost against ${system}, and the mean difference in ${metric}.`,
      })),
    ],
    rows: systems.map(({ system }, a) => ({
      cells: [{ text: system }, ...systems.map((_, b) => cells.get(`${a} ${b}`) ?? { text: "—" })],
    })),
    notes: [
      `Queries on which the row's system is better · equal · worse than the column's in ${metric}. ▲ ▼: the difference is significant at ${alpha}, Holm-corrected for the ${pairs.length} pairs.`,
    ],
  };
}

function pairCell(a: Float64Array, b: Float64Array, p: number, alpha: number): TableCell {
  const differences = a.map((value, query) => value - b[query]!);
  const better = differences.filter((value) => value > 0).length;
  const worse = differences.filter((value) => value < 0).length;
  const same = differences.length - better - worse;
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  return {
    text: `${better} · ${same} · ${worse}`,
    share: { better, same, worse },
    delta: formatDelta(mean, 3),
    mark: p > alpha ? "same" : mean > 0 ? "better" : "worse",
    hint: `corrected p ${formatP(p)}`,
  };
}
