import path from "node:path";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { type JudgedQuery, judgedQueries, relevantPairs, splitQueries } from "../judged-split.js";
import { lengthStatistics } from "../length-statistics.js";
import type { DatasetManifest } from "../manifest.js";
import { readTriples, type Triple } from "../triples.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";

export interface TriplesImportOptions {
  /** TSV file of query, relevant passage, irrelevant passage */
  from: string;
  outDir: string;
  /** share of the queries kept for validation and for evaluation, half each (default 1/11, as 1,000 of 11,000) */
  heldOut?: number;
  /** Default 123. */
  seed?: number;
}

/**
 * Imports training triples as a data set: every distinct passage, relevant or not, is a document; queries are split by
 * near-duplicate group. The irrelevant passages serve as distractors in the pool, not as labels.
 *
 * @throws DataError if the file is missing or malformed, or holds too few queries to split
 */
export async function importTriples(
  options: TriplesImportOptions,
): Promise<{ manifest: DatasetManifest; warnings: string[] }> {
  const { from, outDir, heldOut = 1 / 11, seed = 123 } = options;
  const { triples, report, repairedCells } = readTriples(from);
  const documents = new Map<string, Record<string, string>>();
  const idOf = (passage: string): string => {
    const id = documents.get(passage)?.["document_id"] ?? `p${documents.size}`;
    documents.set(passage, { document_id: id, document_text: passage });
    return id;
  };
  const queries = new Map<string, JudgedQuery>();
  for (const { query, positive, negative } of triples) {
    const judged = queries.get(query) ?? {
      id: `q${queries.size}`,
      fields: { query_search_phrase: query },
      grades: {},
    };
    judged.grades[idOf(positive)] = 1;
    idOf(negative);
    queries.set(query, judged);
  }
  const split = splitQueries([...queries.values()], { validation: heldOut / 2, test: heldOut / 2 }, seed);
  if (split.test.length === 0 || split.training.length === 0)
    throw new DataError(`${from}: file must hold enough queries to split, got ${queries.size}`);
  const byId = new Map([...documents.values()].map((document) => [document["document_id"]!, document]));
  const random = new Random(seed);
  const manifest = await writeDataset(outDir, {
    documents: [...documents.values()],
    training: relevantPairs(split.training, byId, 1, random.fork("training")),
    validation: relevantPairs(split.validation, byId, 1, random.fork("validation")),
    evaluation: [
      {
        name: "test",
        description: "queries held out of the triples, over all their passages",
        queries: judgedQueries(split.test, 1),
        judgedNegatives: false,
      },
    ],
    textColumns: ["query_search_phrase", "document_text"],
    categoryColumn: null,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "unicode",
    counts: { triples: triples.length, repairedCells },
    describe: {
      name: path.basename(outDir),
      builder: { name: "triples", version: 2 },
      options: { seed, heldOut },
      sources: [{ name: path.basename(from), url: null, licence: "see the source" }],
      licence: "see the source",
      splitRule:
        "Queries are dealt out by groups of near-duplicates; half of those held out validate, half test.",
      notes: lengthNotes(triples),
      columns: {
        query: { query_search_phrase: "query" },
        document: { document_id: "passage number", document_text: "passage" },
      },
    },
  });
  const warnings = repairedCells > 0 ? [`${repairedCells} cells held mojibake, repaired`] : [];
  if (report.malformed > 0) warnings.push(`${report.malformed} malformed rows left out`);
  return { manifest, warnings };
}

function lengthNotes(triples: readonly Triple[]): string[] {
  return (["query", "positive", "negative"] as const).map((part) => {
    const s = lengthStatistics(triples.map((triple) => triple[part]!.length));
    return `${part}: ${s.min}–${s.max} characters, mean ${s.mean.toFixed(2)}, variance ${s.variance.toFixed(1)}, skewness ${s.skewness.toFixed(2)}, kurtosis ${s.kurtosis.toFixed(2)}`;
  });
}
