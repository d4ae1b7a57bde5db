import { type DataExamination, type DataFinding, mendCommand, shown } from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import { HashTable } from "../hash-table.js";
import type { PairCensus } from "../pair-census.js";

/**
 * Held-out pairs that are trained on (query and document the same after normalisation), and held-out relevant documents that
 * any training query has. The first is a leak. The second is how most catalogues are searched, and says that the figures are
 * about known documents.
 */
export const documentLeakage: DataExamination = {
  name: "document-leakage",
  about: "held-out pairs that are trained on, and held-out relevant documents that training queries have",
  begin: (settings) => ({
    finish(census) {
      if (census.firstTraining === 0 || census.rows === census.firstTraining) return [];
      const heldPairs = new HashTable();
      const examples = new Map<number, number>();
      const leakedPairs = new Set<number>();
      const relevant = new Map<number, number>();
      for (let row = 0; row < census.firstTraining; row++) {
        if (!census.isRelevant(row)) continue;
        const key = heldPairs.addHash(...keyOf(census, row));
        if (!examples.has(key)) examples.set(key, row);
        relevant.set(census.documentGroup(census.pairs.document.at(row)), census.pairs.document.at(row));
      }
      const seen = new Set<number>();
      const pairRows = new GrowingArray(Int32Array);
      const documentRows = new GrowingArray(Int32Array);
      for (let row = census.firstTraining; row < census.rows; row++) {
        const group = census.documentGroup(census.pairs.document.at(row));
        if (!relevant.has(group)) continue;
        seen.add(group);
        documentRows.push(row - census.firstTraining);
        const pair = heldPairs.findHash(...keyOf(census, row));
        if (pair === -1) continue;
        leakedPairs.add(pair);
        pairRows.push(row - census.firstTraining);
      }
      const pairs: DataFinding = {
        check: "document-leakage",
        name: "document-leakage:pairs",
        what: "held-out relevant pairs that are training rows",
        outcome: leakedPairs.size === 0 ? "ok" : "wrong",
        count: leakedPairs.size,
        of: heldPairs.size,
        unit: "held-out relevant pairs",
        examples: [...leakedPairs].slice(0, settings.examples).map((pair) => {
          const row = examples.get(pair)!;
          return `${shown(census.queries.text(census.pairs.query.at(row)) ?? "", 50)} → ${shown(census.documents.text(census.pairs.document.at(row)) ?? census.documents.id(census.pairs.document.at(row)) ?? "", 50)}`;
        }),
        cost:
          leakedPairs.size === 0
            ? null
            : `the answer itself is trained on, ${pairRows.length.toLocaleString("en")} rows`,
        mend:
          leakedPairs.size === 0
            ? null
            : {
                says: "leave these training rows out",
                command: mendCommand(settings, "document-leakage:pairs"),
              },
        drop: pairRows.whole(),
      };
      const documents: DataFinding = {
        check: "document-leakage",
        name: "document-leakage:documents",
        what: "held-out relevant documents that training queries have",
        outcome: seen.size === 0 ? "ok" : "look",
        count: seen.size,
        of: relevant.size,
        unit: "held-out relevant documents",
        examples: [...seen].slice(0, settings.examples).map((group) => {
          const document = relevant.get(group)!;
          return shown(census.documents.text(document) ?? census.documents.id(document) ?? "");
        }),
        cost:
          seen.size === 0
            ? null
            : `scores are of documents known from training (${documentRows.length.toLocaleString("en")} rows); they say nothing about new ones`,
        mend:
          seen.size === 0
            ? null
            : {
                says: "where new documents are what is asked about, train without those of held-out queries",
                command: mendCommand(settings, "document-leakage:documents"),
              },
        ...(seen.size > 0 && { drop: documentRows.whole() }),
      };
      return [pairs, documents];
    },
  }),
};

function keyOf(census: PairCensus, row: number): [number, number] {
  const { query, document } = census.pairs;
  return [census.queryGroup(query.at(row)), census.documentGroup(document.at(row))];
}
