import { differences } from "./figures/differences.js";
import { headline } from "./headline.js";
import type { ReportPage } from "./html-page.js";
import type { MadeFrom } from "./number-source.js";
import type { Block } from "./page-blocks.js";
import type { QueryRankings } from "./rankings-html.js";
import type { ResultsTable } from "./results-table.js";
import { formatDelta, formatP } from "./results-table-view.js";
import { type ComparedQuery, type WinLoss, winLoss, winLossTable } from "./win-loss.js";

export interface PageComparison {
  /** System in question and the one it is compared with; differences are a − b. */
  a: string;
  b: string;
  /** What was compared on, such as "phrases, Recall@10". */
  setting: string;
  measure: string;
  results: ResultsTable;
  queries: readonly ComparedQuery[];
  /** The most changed queries with both rankings. */
  won: readonly QueryRankings[];
  lost: readonly QueryRankings[];
  sources: ReportPage["sources"];
  /** What it can be made again from. */
  madeFrom?: MadeFrom;
}

/** The error analysis of two systems as a page: who wins, where, and what the most changed queries look like. */
export function comparePage(comparison: PageComparison): ReportPage {
  const { a, b, setting, measure, results, queries, won, lost, sources, madeFrom } = comparison;
  const groups = winLoss(queries);
  const all = groups[0]!;
  const figure = differences(queries, `${measure}, difference`);
  const rankings = (title: string, intro: string, list: readonly QueryRankings[]) =>
    list.length === 0 ? [] : [{ title, intro, blocks: [{ kind: "rankings", rankings: list }] as Block[] }];
  return {
    title: `${a} against ${b}`,
    eyebrow: `qdrl comparison · ${setting}`,
    question: `On which queries is ${a} better than ${b}, on which worse?`,
    answer: [headline(results, a, measure), whereSentence(groups)],
    facts: [
      { label: `${measure}, difference`, value: formatDelta(all.difference.mean, 3), about: interval(all) },
      { label: "queries won", value: share(all.wins, all), about: count(all.wins) },
      { label: "queries tied", value: share(all.ties, all), about: count(all.ties) },
      { label: "queries lost", value: share(all.losses, all), about: count(all.losses) },
    ],
    sections: [
      { title: "All measures", blocks: [{ kind: "results", results }] },
      {
        title: "Queries won and lost",
        intro: "Every query is one bar, from the greatest loss to the greatest win.",
        blocks: [{ kind: "figure", figure, title: `${measure} of ${a} minus that of ${b}` }],
      },
      {
        title: "By slice",
        intro: "The same queries, divided in several ways.",
        blocks: [{ kind: "table", table: winLossTable(groups, { a, b, measure }) }],
      },
      ...rankings(`Most won by ${a}`, "Relevant documents are framed.", won),
      ...rankings(`Most lost by ${a}`, "Relevant documents are framed.", lost),
    ],
    sources,
    ...(madeFrom && { madeFrom }),
  };
}

/** Where the difference is significant: the slices with the largest gain and the largest loss. */
function whereSentence(groups: readonly WinLoss[], alpha = 0.05): string {
  const found = groups.filter((group) => group.kind !== "" && group.adjustedP <= alpha);
  if (found.length === 0) return "No slice differs significantly after correction.";
  const sorted = [...found].sort((x, y) => y.difference.mean - x.difference.mean);
  const name = (group: WinLoss) =>
    `“${group.slice}” (${group.kind}: ${formatDelta(group.difference.mean, 3)}, corrected p ${formatP(group.adjustedP)})`;
  const gain = sorted[0]!.difference.mean > 0 ? `The largest gain is on ${name(sorted[0]!)}` : null;
  const last = sorted[sorted.length - 1]!;
  const loss =
    last.difference.mean < 0 ? `${gain === null ? "The" : "the"} largest loss on ${name(last)}` : null;
  const parts = [gain, loss].filter((part) => part !== null);
  return `${parts.join(", ")}${gain !== null && loss === null ? "; no slice loses significantly" : ""}.`;
}

function interval({ difference }: WinLoss): string {
  return `[${formatDelta(difference.low, 3)}, ${formatDelta(difference.high, 3)}]`;
}

function share(part: number, { queries }: WinLoss): string {
  return `${((100 * part) / queries).toFixed(1)} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
