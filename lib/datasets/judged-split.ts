import { Random } from "../engine/random/random.js";
import { emptyRecord } from "../files/own-entry.js";
import { phraseSetKey } from "./comparison-keys.js";
import { nearDuplicateGroups, splitByGroup } from "./near-duplicates.js";
import type { TextColumns } from "./parquet.js";
import type { EvaluationQuery } from "./queries.js";

/** A query with the documents that were judged for it. */
export interface JudgedQuery {
  id: string;
  /** Query features; the first is the search phrase, by which near-duplicates are found. */
  fields: Record<string, string>;
  /** Document id → grade; only grades of at least `minGrade` count as relevant. */
  grades: Record<string, number>;
  /** Kind of query, by which results are shown apart. */
  slice?: string;
}

export interface SplitFractions {
  /** Fractions of the queries, the rest trains. */
  validation: number;
  test: number;
}

/** Word-set similarity from which on two queries are kept on one side of the split. */
const nearDuplicateThreshold = 0.8;

/**
 * Deals queries to training, validation and test by near-duplicate group.
 *
 * @returns the three lists in the order given, and the number of groups
 */
export function splitQueries(
  queries: readonly JudgedQuery[],
  fractions: SplitFractions,
  seed: number,
): { training: JudgedQuery[]; validation: JudgedQuery[]; test: JudgedQuery[]; groups: number } {
  const groups = nearDuplicateGroups(queries.map(phraseOf), nearDuplicateThreshold);
  const parts = splitByGroup(groups, [fractions.test, fractions.validation], new Random(seed).fork("split"));
  const of = (part: number) => queries.filter((_, row) => parts[row] === part);
  return { test: of(0), validation: of(1), training: of(2), groups: new Set(groups).size };
}

/** The queries that have not the same words as one of `tested`, whatever their order. */
export function withoutTested(
  queries: readonly JudgedQuery[],
  tested: readonly JudgedQuery[],
): JudgedQuery[] {
  const words = new Set(tested.map((query) => phraseSetKey(phraseOf(query))));
  return queries.filter((query) => !words.has(phraseSetKey(phraseOf(query))));
}

/** The search phrase. */
function phraseOf(query: JudgedQuery): string {
  return Object.values(query.fields)[0] ?? "";
}

/** Column of the training pairs with their grades. */
const GRADE = "grade";

/**
 * One row per (query, relevant document), shuffled: query fields and document fields side by side, and the grade in the
 * column "grade" where relevant documents have different ones, all above 0.
 *
 * @param documents by id; judged documents that it lacks are passed over
 */
export function relevantPairs(
  queries: readonly JudgedQuery[],
  documents: ReadonlyMap<string, Record<string, string>>,
  minGrade: number,
  random: Random,
): TextColumns {
  const rows: { row: Record<string, string>; grade: number }[] = [];
  for (const query of queries)
    for (const [id, grade] of Object.entries(query.grades)) {
      const document = documents.get(id);
      if (grade >= minGrade && document !== undefined)
        rows.push({ row: { ...query.fields, ...document }, grade });
    }
  random.shuffle(rows);
  const columns: TextColumns = emptyRecord();
  for (const name of Object.keys(rows[0]?.row ?? {})) columns[name] = rows.map(({ row }) => row[name]!);
  const grades = new Set(rows.map(({ grade }) => grade));
  if (grades.size > 1 && columns[GRADE] === undefined && Math.min(...grades) > 0)
    columns[GRADE] = rows.map(({ grade }) => String(grade));
  return columns;
}

/** How many documents were judged that the pool lacks: nothing finds them. */
export function notInPool(queries: readonly JudgedQuery[], pool: { has(id: string): boolean }): number {
  const missing = new Set<string>();
  for (const query of queries) for (const id of Object.keys(query.grades)) if (!pool.has(id)) missing.add(id);
  return missing.size;
}

/** As evaluation queries, the grades of all judged documents with them. */
export function judgedQueries(
  queries: readonly JudgedQuery[],
  minGrade: number,
  sliceOf: (query: JudgedQuery) => string | undefined = (query) => query.slice,
): EvaluationQuery[] {
  return queries.map((query) => {
    const slice = sliceOf(query);
    return {
      id: query.id,
      fields: query.fields,
      relevantIds: Object.keys(query.grades).filter((id) => query.grades[id]! >= minGrade),
      ...(slice === undefined ? {} : { slice }),
      grades: query.grades,
    };
  });
}
