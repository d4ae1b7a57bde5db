import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { bootstrapInterval, shownResampling } from "../metrics/bootstrap.js";
import { holm } from "../metrics/holm.js";
import { pairedRandomizationTest } from "../metrics/randomization-test.js";
import { formatDelta, formatP } from "./results-table-view.js";
import type { Table, TableCell, TableRow } from "./table.js";

/** One query as answered by two systems. */
export interface ComparedQuery {
  id: string;
  query: string;
  /** Kind of slice → the slice this query is in, such as "query length" → "2 words". */
  slices: Readonly<Record<string, string>>;
  a: number;
  b: number;
}

/** Two systems on a group of queries; differences are a − b. */
export interface WinLoss {
  /** Kind of slice and slice; both empty for all queries together. */
  kind: string;
  slice: string;
  queries: number;
  meanA: number;
  meanB: number;
  difference: { mean: number; low: number; high: number };
  wins: number;
  ties: number;
  losses: number;
  /** Two-sided, Holm-corrected over all groups. */
  adjustedP: number;
}

/**
 * Wins, ties and losses of system a against system b over all queries and over every slice, with the mean difference,
 * its bootstrap interval and a paired randomisation test corrected over all groups. First all queries, then kinds of
 * slices in the order in which queries name them, slices in alphabetical order. Slices overlap: each kind divides the
 * same queries.
 *
 * @throws RangeError if there are no queries or a value is not finite
 */
export function winLoss(queries: readonly ComparedQuery[], options: { seed?: number } = {}): WinLoss[] {
  const { seed = 42 } = options;
  if (queries.length === 0) throw new UserError("winLoss: queries must not be empty, got 0");
  const groups = [{ kind: "", slice: "", members: queries }, ...sliceGroups(queries)];
  const tested = groups.map(({ kind, slice, members }) => {
    const a = Float64Array.from(members, (query) => query.a);
    const b = Float64Array.from(members, (query) => query.b);
    const { p } = pairedRandomizationTest(a, b, { seed });
    const differences = a.map((value, i) => value - b[i]!);
    const wins = differences.filter((value) => value > 0).length;
    const losses = differences.filter((value) => value < 0).length;
    const counts = { queries: members.length, wins, ties: members.length - wins - losses, losses };
    const difference = bootstrapInterval(differences, { ...shownResampling, seed });
    return { p, kind, slice, meanA: mean(a), meanB: mean(b), difference, ...counts };
  });
  const adjusted = holm(tested.map(({ p }) => p));
  return tested.map(({ p: _, ...group }, i) => ({ ...group, adjustedP: adjusted[i]! }));
}

/** {@link winLoss} as a table. */
export function winLossTable(
  groups: readonly WinLoss[],
  names: { a: string; b: string; measure: string; alpha?: number },
): Table {
  const { a, b, measure, alpha = 0.05 } = names;
  return {
    columns: [
      { label: "Queries" },
      { label: "n", align: "right" },
      { label: a, detail: measure, align: "right" },
      { label: b, detail: measure, align: "right" },
      { label: "Difference", detail: "95 % interval", align: "right" },
      { label: "Won · tied · lost", detail: `by ${a}`, align: "right" },
    ],
    rows: groups.map((group) => winLossRow(group, alpha)),
    notes: [
      `Differences are ${a} minus ${b}, with 95 % bootstrap intervals over queries. ▲ ▼: significant at ${alpha} in a ` +
        `paired randomisation test, Holm-corrected for the ${groups.length} groups. Slices of different kinds overlap.`,
    ],
  };
}

function winLossRow(group: WinLoss, alpha: number): TableRow {
  const { kind, slice, queries, meanA, meanB, difference, wins, ties, losses, adjustedP } = group;
  const mark = adjustedP > alpha ? "same" : difference.mean > 0 ? "better" : "worse";
  const sign = mark === "better" ? "▲ " : mark === "worse" ? "▼ " : "";
  const name: TableCell = kind === "" ? { text: "all queries", bold: true } : { text: slice, detail: kind };
  return {
    cells: [
      name,
      { text: queries.toLocaleString("en-US") },
      { text: meanA.toFixed(3), bold: meanA > meanB },
      { text: meanB.toFixed(3), bold: meanB > meanA },
      {
        text: sign + formatDelta(difference.mean, 3),
        detail: `[${formatDelta(difference.low, 3)}, ${formatDelta(difference.high, 3)}]`,
        mark,
        hint: `corrected p ${formatP(adjustedP)}`,
      },
      { text: `${wins} · ${ties} · ${losses}`, share: { better: wins, same: ties, worse: losses } },
    ],
  };
}

function sliceGroups(queries: readonly ComparedQuery[]) {
  const kinds = new Set(queries.flatMap((query) => Object.keys(query.slices)));
  return [...kinds].flatMap((kind) => {
    const slices = [...new Set(queries.flatMap((query) => ownEntry(query.slices, kind) ?? []))].sort();
    if (slices.length < 2) return [];
    return slices.map((slice) => ({
      kind,
      slice,
      members: queries.filter((query) => ownEntry(query.slices, kind) === slice),
    }));
  });
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
