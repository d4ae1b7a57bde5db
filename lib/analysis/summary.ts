import { bootstrapInterval, shownResampling } from "../metrics/bootstrap.js";
import { plainTable, type TableCell } from "../reporting/table.js";
import { tableTerminal } from "../reporting/table-terminal.js";
import { tableLook } from "../reporting/terminal.js";
import type { QueryResult, RunFolder } from "../tracking/run-folder.js";
import { describeTime } from "./describe-time.js";

const MOST_COLUMNS = 6;
/** Slices of an evaluation set that a terminal shows. */
const MOST_SLICES = 8;

/** Prints a run's last evaluation: one line per evaluation set and typo probability, means with 95 % intervals. */
export function printSummary(run: RunFolder, out: NodeJS.WriteStream = process.stdout): void {
  const { system } = run.manifest();
  if (run.isEvaluated()) {
    const table = summaryTable(run.queries(), system, MOST_SLICES);
    out.write(`${tableTerminal(table, tableLook(out))}\n`);
  } else {
    const last = run.metrics().filter((m) => m.name.startsWith("AverageLoss/"));
    for (const { name, value, epoch } of last.slice(-2))
      out.write(`${name} after epoch ${epoch + 1}: ${value.toFixed(4)}\n`);
    out.write("no retrieval evaluation (recall_validation.enabled is false)\n");
  }
  out.write(`run: ${run.dir}\n`);
}

/** {@link printSummary}, after the line that says where the time of training went. */
export function printTrained(run: RunFolder, out: NodeJS.WriteStream = process.stdout): void {
  const time = describeTime(run);
  if (time !== null) out.write(`${time}\n`);
  printSummary(run, out);
}

/**
 * Means and intervals of per-query results, by evaluation set, slice and typo probability.
 *
 * @param mostSlices of each set, those with most queries; the note says how many there are besides
 */
export function summaryTable(
  results: readonly QueryResult[],
  title: string,
  mostSlices = Number.POSITIVE_INFINITY,
) {
  const measures = Object.keys(results[0]?.values ?? {}).slice(0, MOST_COLUMNS);
  const groups = new Map<string, QueryResult[]>();
  const add = (key: string, result: QueryResult) => {
    const group = groups.get(key);
    if (group) group.push(result);
    else groups.set(key, [result]);
  };
  for (const result of results) add(JSON.stringify([result.set, "all", result.typo]), result);
  for (const result of results)
    if (result.slice !== undefined && result.typo === 0)
      add(JSON.stringify([result.set, result.slice, result.typo]), result);
  const left = leaveOutSmallSlices(groups, mostSlices);
  const rows = [...groups].map(([key, group]) => {
    const [set, slice, typo] = JSON.parse(key) as [string, string, number];
    const cells = measures.map((measure): TableCell => {
      const { mean, low, high } = bootstrapInterval(
        group.map((result) => result.values[measure]!),
        shownResampling,
      );
      return { text: mean.toFixed(3), detail: `[${low.toFixed(3)}, ${high.toFixed(3)}]` };
    });
    return [set, slice, String(typo), group.length, ...cells];
  });
  return plainTable(["set", "slice", "typo p", "queries", ...measures], rows, {
    title,
    notes: [
      "Means over queries with 95 % bootstrap intervals; typo p = probability of a typo per word.",
      ...(left === 0 ? [] : [`${left} slices with fewer queries are not shown; qdrl compare shows all.`]),
    ],
  });
}

/** Takes all but the largest slices of each set out; returns how many those were. */
function leaveOutSmallSlices(groups: Map<string, QueryResult[]>, most: number): number {
  const bySet = new Map<string, string[]>();
  for (const key of groups.keys()) {
    const [set, slice] = JSON.parse(key) as [string, string, number];
    if (slice !== "all") bySet.set(set, [...(bySet.get(set) ?? []), key]);
  }
  let left = 0;
  for (const keys of bySet.values()) {
    const bySize = [...keys].sort((a, b) => groups.get(b)!.length - groups.get(a)!.length);
    for (const key of bySize.slice(most)) {
      groups.delete(key);
      left++;
    }
  }
  return left;
}
