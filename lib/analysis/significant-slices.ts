import { ownEntry } from "../files/own-entry.js";
import { formatDelta } from "../reporting/results-table-view.js";
import type { Table } from "../reporting/table.js";
import { type ComparedQuery, type WinLoss, winLoss } from "../reporting/win-loss.js";

/** A word and how two systems differ on the queries of a slice that have it. */
export interface TellingWord {
  word: string;
  queries: number;
  /** mean difference a − b */
  difference: number;
}

/** A slice on which two systems differ significantly. */
export interface SignificantSlice extends WinLoss {
  /** mean difference on all other queries */
  elsewhere: number;
  /** words of its queries that account for most of the difference */
  words: TellingWord[];
}

const ALPHA = 0.05;
const FEWEST_QUERIES = 10;
const MOST_WORDS = 3;
const FEWEST_WITH_WORD = 2;

/**
 * The slices on which two systems differ: every slice of every division is tested by a paired randomisation test,
 * Holm-corrected over all of them; those at 0.05 with ten queries or more, and ten outside, are returned, farthest from the
 * difference elsewhere first. Words are those whose queries add most to a slice's difference.
 *
 * @param queries  with their values and slices
 * @param wordsOf  text → words
 */
export function significantSlices(
  queries: readonly ComparedQuery[],
  wordsOf: (text: string) => readonly string[],
): { tested: number; slices: SignificantSlice[] } {
  const groups = queries.length === 0 ? [] : winLoss(queries).slice(1); // the first is all queries
  const total = queries.reduce((sum, { a, b }) => sum + a - b, 0);
  const slices = groups
    .filter(
      ({ adjustedP, queries: size }) =>
        adjustedP <= ALPHA && size >= FEWEST_QUERIES && queries.length - size >= FEWEST_QUERIES,
    )
    .map((group): SignificantSlice => {
      const others = queries.length - group.queries;
      const own = group.difference.mean * group.queries;
      const members = queries.filter((query) => ownEntry(query.slices, group.kind) === group.slice);
      return {
        ...group,
        elsewhere: (total - own) / others,
        words: tellingWords(members, group.difference.mean, wordsOf),
      };
    })
    .sort((x, y) => distance(y) - distance(x));
  return { tested: groups.length, slices };
}

function distance({ difference, elsewhere }: SignificantSlice): number {
  return Math.abs(difference.mean - elsewhere);
}

/** Words by what their queries add to a difference, in its direction. */
function tellingWords(
  members: readonly ComparedQuery[],
  direction: number,
  wordsOf: (text: string) => readonly string[],
): TellingWord[] {
  const sums = new Map<string, { queries: number; sum: number }>();
  for (const { query, a, b } of members)
    for (const word of new Set(wordsOf(query))) {
      const at = sums.get(word) ?? { queries: 0, sum: 0 };
      sums.set(word, { queries: at.queries + 1, sum: at.sum + a - b });
    }
  return [...sums]
    .filter(([, { queries, sum }]) => queries >= FEWEST_WITH_WORD && sum * direction > 0)
    .sort(([v, x], [w, y]) => Math.abs(y.sum) - Math.abs(x.sum) || (v < w ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word, { queries, sum }]) => ({ word, queries, difference: sum / queries }));
}

/** {@link significantSlices} as a table. */
export function significantSlicesTable(
  { tested, slices }: { tested: number; slices: readonly SignificantSlice[] },
  names: { a: string; b: string; measure: string; most?: number },
): Table {
  const { a, b, measure, most = 12 } = names;
  const shown = slices.slice(0, most);
  const more = slices.length > shown.length ? ` ${slices.length - shown.length} more are significant.` : "";
  return {
    columns: [
      { label: "Slice" },
      { label: "n", align: "right" },
      { label: a, detail: measure, align: "right" },
      { label: b, detail: measure, align: "right" },
      { label: "Difference", detail: "95 % interval", align: "right" },
      { label: "elsewhere", align: "right" },
      { label: "Words that did it" },
    ],
    rows: shown.map(({ kind, slice, queries, meanA, meanB, difference, elsewhere, words }) => ({
      cells: [
        { text: slice, detail: kind },
        { text: queries.toLocaleString("en") },
        { text: meanA.toFixed(3) },
        { text: meanB.toFixed(3) },
        {
          text: formatDelta(difference.mean, 3),
          detail: `[${formatDelta(difference.low, 3)}, ${formatDelta(difference.high, 3)}]`,
          mark: difference.mean > 0 ? ("better" as const) : ("worse" as const),
        },
        { text: formatDelta(elsewhere, 3) },
        {
          text: words
            .map(({ word, queries: count, difference: by }) => `${word} (${count}×, ${formatDelta(by, 3)})`)
            .join(", "),
        },
      ],
    })),
    notes: [
      `Of ${tested} slices those of ${FEWEST_QUERIES} queries or more on which ${a} and ${b} differ at ${ALPHA} in a paired randomisation test, Holm-corrected for all of them; farthest from the difference on all other queries first.${more} Words: those whose queries add most to the difference, with their number and their own mean difference.`,
    ],
  };
}
