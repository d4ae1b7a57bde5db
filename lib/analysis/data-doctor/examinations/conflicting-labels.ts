import { type DataExamination, mendCommand, shown } from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import { HashTable } from "../hash-table.js";

const RELEVANT = 1;
const IRRELEVANT = 2;

/**
 * Pairs (query and document the same after normalisation) that are relevant in one row and irrelevant in another, in whatever
 * parts. Copies of one document count as one, so that two judges' views of two copies are a conflict too.
 */
export const conflictingLabels: DataExamination = {
  name: "conflicting-labels",
  about: "pairs that are relevant in one row and irrelevant in another, over all parts",
  begin: (settings) => ({
    finish(census) {
      if (!census.hasGrades) return [];
      const table = new HashTable();
      const labels = new GrowingArray(Uint8Array);
      const rowOf = new GrowingArray(Int32Array);
      const keyOf = (row: number): [number, number] => [
        census.queryGroup(census.pairs.query.at(row)),
        census.documentGroup(census.pairs.document.at(row)),
      ];
      for (let row = 0; row < census.rows; row++) {
        const key = table.addHash(...keyOf(row));
        if (key === labels.length) {
          labels.push(0);
          rowOf.push(row);
        }
        labels.set(key, labels.at(key) | (census.isRelevant(row) ? RELEVANT : IRRELEVANT));
      }
      const conflicts = new Set<number>();
      for (let key = 0; key < table.size; key++)
        if (labels.at(key) === (RELEVANT | IRRELEVANT)) conflicts.add(key);
      const drop = new GrowingArray(Int32Array);
      if (conflicts.size > 0)
        for (let row = census.firstTraining; row < census.rows; row++)
          if (conflicts.has(table.findHash(...keyOf(row)))) drop.push(row - census.firstTraining);
      return [
        {
          check: "conflicting-labels",
          what: "pairs that are relevant in one row and irrelevant in another",
          outcome: conflicts.size === 0 ? "ok" : "wrong",
          count: conflicts.size,
          of: table.size,
          unit: "different pairs",
          examples: [...conflicts].slice(0, settings.examples).map((key) => {
            const row = rowOf.at(key);
            const document = census.pairs.document.at(row);
            return `${shown(census.queries.text(census.pairs.query.at(row)) ?? "", 50)} → ${shown(census.documents.text(document) ?? census.documents.id(document) ?? "", 50)}`;
          }),
          cost:
            conflicts.size === 0
              ? null
              : "one of the two labels is wrong, and a loss over pairs is pulled both ways",
          mend:
            conflicts.size === 0
              ? null
              : {
                  says: "judge them again, or train without them",
                  command: mendCommand(settings, "conflicting-labels"),
                },
          drop: drop.whole(),
          queue: [...conflicts].slice(0, settings.suspects).flatMap((key) => {
            const row = rowOf.at(key);
            const [query, document] = [census.pairs.query.at(row), census.pairs.document.at(row)];
            const text = census.queries.text(query);
            return text === null
              ? []
              : [
                  {
                    reason: "conflicting labels" as const,
                    query: text,
                    query_id: census.queryId(query),
                    document: census.documents.id(document) ?? "",
                    text: census.documents.text(document) ?? "",
                    score: 1,
                    model: null,
                    neighbours: null,
                    words: null,
                    part: census.parts[census.pairs.part.at(row)]!,
                  },
                ];
          }),
        },
      ];
    },
  }),
};
