import type { Side } from "../../../training/objectives/batch-task.js";
import { type DataExamination, type DataFinding, mendCommand, shown } from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import type { PairCensus } from "../pair-census.js";

const word = /[\p{L}\p{N}\p{S}]/u;
/** What stands where nothing is known, in a few languages and programs; single words that people search for are none. */
const placeholder =
  /^[\s"'([<{#*.-]*(n\/?a|nan|null|undefined|tbd|lorem ipsum.*|no (title|name|description|text)( available)?|untitled|brak danych|keine angabe|sin (título|descripción)|sans titre|#ref!|#value!)[\s"')\]>}.-]*$/i;

/** Texts of no letter, digit or symbol, and texts that only say that there is none. */
export const emptyTexts: DataExamination = {
  name: "empty-texts",
  about:
    "queries and documents without a letter, digit or symbol, and those that say that there is nothing (n/a, null, untitled)",
  begin(settings) {
    const kinds = (["query", "document"] as const).flatMap((side) =>
      (["empty", "placeholder"] as const).map((kind) => ({ side, kind, found: new Map<number, string>() })),
    );
    return {
      text(text, side, index) {
        const kind = !word.test(text) ? "empty" : placeholder.test(text) ? "placeholder" : null;
        if (kind !== null)
          kinds.find((one) => one.side === side && one.kind === kind)!.found.set(index, text);
      },
      finish: (census) =>
        kinds.flatMap(({ side, kind, found }): DataFinding[] => {
          if (found.size === 0 && kind === "placeholder") return [];
          const drop = rowsWith(census, side, found);
          const sides = side === "query" ? "queries" : "documents";
          const name = `empty-texts:${kind === "empty" ? sides : `placeholder-${sides}`}`;
          return [
            {
              check: "empty-texts",
              name,
              what: `${sides} ${kind === "empty" ? "without a letter, digit or symbol" : "that say that there is nothing"}`,
              outcome: found.size === 0 ? "ok" : kind === "empty" ? "wrong" : "look",
              count: found.size,
              of: side === "query" ? census.queries.size : census.documents.size,
              unit: `different ${sides}`,
              examples: [...found]
                .slice(0, settings.examples)
                .map(
                  ([index, text]) =>
                    `${side === "document" ? `${census.documents.id(index) ?? ""}: ` : ""}${shown(text)}`,
                ),
              cost:
                found.size === 0
                  ? null
                  : `${drop.length.toLocaleString("en")} training rows teach nothing, and ${side === "query" ? "no document can be right for such a query" : "such a document is found by chance alone"}`,
              mend:
                found.size === 0
                  ? null
                  : { says: "leave their training rows out", command: mendCommand(settings, name) },
              drop,
            },
          ];
        }),
    };
  },
};

/** Training rows that have one of some queries or documents. */
export function rowsWith(
  census: PairCensus,
  side: Side,
  wanted: { has(index: number): boolean; size: number },
): Int32Array {
  const rows = new GrowingArray(Int32Array);
  if (wanted.size > 0)
    for (let row = census.firstTraining; row < census.rows; row++)
      if (wanted.has(census.pairs[side].at(row))) rows.push(row - census.firstTraining);
  return rows.whole();
}
