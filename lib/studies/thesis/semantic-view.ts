import { wordsIn } from "../../analysis/query-slices.js";
import { withPictures } from "../../analysis/report-page.js";
import { documentsOf, rankedQueries } from "../../analysis/run-documents.js";
import type { PageComparison } from "../../reporting/compare-page.js";
import type { QueryRankings } from "../../reporting/rankings-html.js";
import type { Table } from "../../reporting/table.js";
import { type WinLoss, winLoss, winLossTable } from "../../reporting/win-loss.js";
import type { RunFolder } from "../../tracking/run-folder.js";

const SHARED = "words shared";

export interface SemanticMatches {
  answer: string;
  /** Both systems on queries with and without a word in common with a relevant name. */
  table: Table;
  /** Queries whose first result is relevant and shares no word with them. */
  rankings: QueryRankings[];
}

/** Table 4.10: how well a run answers queries by meaning alone, beside the run it is compared with. */
export async function semanticMatches(
  comparison: PageComparison,
  run: RunFolder,
  options: { set: string; shown: number },
): Promise<SemanticMatches> {
  const { set, shown } = options;
  const groups = winLoss(comparison.queries.map((query) => ({ ...query, slices: onlyShared(query.slices) })));
  const documents = await documentsOf(run, set);
  const wordsOf = wordsIn(run);
  const found = run
    .queries()
    .filter((result) => result.set === set && result.typo === 0)
    .filter(({ query, relevant, top }) => {
      const [id] = top[0] ?? [""];
      const name = new Set(wordsOf(documents.get(id)?.["document_name"] ?? ""));
      return relevant.includes(id) && !wordsOf(query).some((word) => name.has(word));
    })
    .sort((x, y) => y.top[0]![1] - x.top[0]![1]);
  const ids = found.slice(0, shown).map(({ id }) => id);
  return {
    answer: sentence(groups, comparison, found.length),
    table: winLossTable(groups, comparison),
    rankings: (await rankedQueries([run], { set, ids, depth: 8 })).map(withPictures),
  };
}

function onlyShared(slices: Readonly<Record<string, string>>): Record<string, string> {
  return slices[SHARED] === undefined ? {} : { [SHARED]: slices[SHARED] };
}

function sentence(groups: readonly WinLoss[], { a, b, measure }: PageComparison, found: number): string {
  const none = groups.find((group) => group.slice.startsWith("no word"));
  if (none === undefined) return "Every query shares a word with a relevant document's name, or none does.";
  return (
    `${none.queries.toLocaleString("en-US")} queries share no word with any relevant document's name; there ${a} reaches ` +
    `${measure} ${none.meanA.toFixed(3)}, ${b} ${none.meanB.toFixed(3)}. The first result is relevant and shares no word ` +
    `with the query for ${found.toLocaleString("en-US")} queries.`
  );
}
