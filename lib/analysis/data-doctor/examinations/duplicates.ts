import {
  type DataExamination,
  type DataFinding,
  type DoctorSettings,
  mendCommand,
  shown,
} from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import { HashTable } from "../hash-table.js";
import { documentShingles, NearIndex } from "../near-index.js";
import { type PairCensus, POOL } from "../pair-census.js";

/** Documents that are compared with one another; of more, the first so many. */
const MOST_COMPARED = 200_000;

/**
 * Training rows that come again (exactly, or after normalisation), documents that are there twice under different ids (the
 * same after normalisation, or nearly: Jaccard similarity of their words), and ids that come with two texts.
 */
export const duplicates: DataExamination = {
  name: "duplicates",
  about: "training rows that come again, documents that are there twice, ids with two texts",
  begin(settings) {
    const index = new NearIndex(settings.near);
    const compared: number[] = [];
    const near: [number, number, number][] = [];
    return {
      text(text, side, number) {
        if (side !== "document" || compared.length >= MOST_COMPARED) return;
        const set = documentShingles(text);
        const [found] = index.near(set);
        if (found !== undefined) near.push([number, compared[found.member]!, found.similarity]);
        index.add(set);
        compared.push(number);
      },
      finish: (census) => [
        repeatedRows(census, settings),
        ...repeatedDocuments(census, settings, near, compared.length),
        ...(census.changedDocuments.count > 0 ? [changedDocuments(census, settings)] : []),
      ],
    };
  },
};

function repeatedRows(census: PairCensus, settings: DoctorSettings): DataFinding {
  const table = new HashTable();
  const rows = new GrowingArray(Int32Array);
  const examples: string[] = [];
  for (let row = census.firstTraining; row < census.rows; row++) {
    const query = census.pairs.query.at(row);
    const document = census.pairs.document.at(row);
    const before = table.size;
    table.addHash(census.queryGroup(query), census.documentGroup(document));
    if (table.size > before) continue;
    rows.push(row - census.firstTraining);
    if (examples.length < settings.examples)
      examples.push(
        `${shown(census.queries.text(query) ?? "", 50)} → ${shown(census.documents.text(document) ?? "", 50)}`,
      );
  }
  const of = census.rows - census.firstTraining;
  return {
    check: "duplicates",
    name: "duplicates:rows",
    what: "training rows whose query and document came before (case, accents and punctuation aside)",
    outcome: rows.length === 0 ? "ok" : "look",
    count: rows.length,
    of,
    unit: "training rows",
    examples,
    cost:
      rows.length === 0
        ? null
        : `an epoch is ${((100 * rows.length) / of).toFixed(1)} % longer, and the pairs weigh more: right where rows are clicks, wrong where they are judgements`,
    mend:
      rows.length === 0
        ? null
        : {
            says: "keep the first of each; or mask them as negatives of each other",
            command: mendCommand(settings, "duplicates:rows"),
            configuration: MASK,
          },
    drop: rows.whole(),
  };
}

function repeatedDocuments(
  census: PairCensus,
  settings: DoctorSettings,
  near: readonly [number, number, number][],
  compared: number,
): DataFinding[] {
  const { documents } = census;
  const first = new Int32Array(documents.keys.size).fill(-1);
  const same: [number, number][] = [];
  let of = 0;
  for (let document = 0; document < documents.size; document++) {
    const key = census.documentGroup(document);
    const inPool = !census.hasPool || (documents.parts.at(document) & POOL) !== 0;
    if (!inPool || key < 0) continue;
    of++;
    const before = first[key]!;
    if (before === -1) first[key] = document;
    else same.push([document, before]);
  }
  const pair = ([one, other]: readonly number[]) =>
    `${documents.id(one!) ?? ""} and ${documents.id(other!) ?? ""}: ${shown(documents.text(one!) ?? "")}`;
  const onlyNear = near.filter(([one, other]) => census.documentGroup(one) !== census.documentGroup(other));
  const cost =
    "of two copies one is judged, the other counts as wrong: in training a false negative, in evaluation a miss; the first id stands in both";
  const finding = (
    what: string,
    count: number,
    total: number,
    examples: string[],
    outcome: "look" | "wrong",
  ): DataFinding => ({
    check: "duplicates",
    name: "duplicates:documents",
    what,
    outcome: count === 0 ? "ok" : outcome,
    count,
    of: total,
    unit: "documents",
    examples,
    cost: count === 0 ? null : cost,
    mend:
      count === 0
        ? null
        : {
            says: "give copies one id in the source; until then no copy of a positive should be a negative",
            configuration: MASK,
          },
  });
  return [
    finding(
      "documents whose text another id has too (case, accents and punctuation aside)",
      same.length,
      of,
      same.slice(0, settings.examples).map(pair),
      "wrong",
    ),
    finding(
      `documents that are nearly another's copy (Jaccard similarity of words ≥ ${settings.near}${compared < of ? `, of the first ${compared.toLocaleString("en")}` : ""})`,
      onlyNear.length,
      Math.min(of, compared),
      onlyNear
        .slice(0, settings.examples)
        .map((one) => `${pair(one)} ~ ${shown(documents.text(one[1]) ?? "")}`),
      "look",
    ),
  ];
}

function changedDocuments(census: PairCensus, settings: DoctorSettings): DataFinding {
  const { count, examples } = census.changedDocuments;
  return {
    check: "duplicates",
    name: "duplicates:ids",
    what: "rows whose document id came with another text before",
    outcome: "look",
    count,
    of: census.rows,
    unit: "rows",
    examples: examples.slice(0, settings.examples),
    cost: "training reads one text, evaluation another",
    mend: {
      says: "one text an id: keep the documents in a table of their own and join by id (qdrl init FOLDER with both tables)",
    },
  };
}

/** Candidates with the positive's text are no negatives; `known_positives` leaves out every document that a pair gives the query. */
export const MASK = "negatives: { type: batch, mask: known_positives }";
