import path from "node:path";
import { readItems } from "../datasets/items.js";
import { readJsonLines } from "../datasets/json-lines.js";
import { type Dataset, openDataset } from "../datasets/open-dataset.js";
import { readQueries } from "../datasets/queries.js";
import { readQrels, trecId } from "../datasets/trec.js";
import { DataError } from "../files/data-error.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { Row } from "./evaluation-set.js";
import { readJudgedGrades } from "./judged-grades.js";
import { type ChosenSet, knownSets } from "./known-sets.js";
import { type PairSet, rowKey, type Verdicts } from "./pairs.js";
import type { ExperimentConfig } from "./schema.js";
import { validationQueries } from "./validation-queries.js";

/** Columns of each side that training reads. */
interface ColumnNames {
  query: readonly string[];
  document: readonly string[];
}

/** A judged document with its query, as training reads them. */
interface JudgedPair {
  query: Row;
  document: Row;
  grade: number;
}

/** Judgements that are trained on. */
export interface JudgedPairs {
  relevant: JudgedPair[];
  notRelevant: JudgedPair[];
}

type Config = Pick<ExperimentConfig, "dataset" | "dataset_dir" | "recall_validation" | "negatives">;

/**
 * The judgements of `dataset.judgements` as pairs; null without.
 *
 * @throws UserError for judgements of an evaluated set, which would be trained on and tested on, and of another data set
 */
export async function judgedPairs(config: Config, names: ColumnNames): Promise<JudgedPairs | null> {
  const { judgements } = config.dataset;
  if (judgements === null) return null;
  const dataset = openDataset(config.dataset_dir);
  const { set: said, grades, source } = readJudgedGrades(judgements, dataset);
  const sets = await queriesById(dataset, names);
  const found = sets.filter(({ set, byId }) =>
    said === null ? [...grades.keys()].some((id) => byId.has(id)) : set.name === said,
  );
  const where = `dataset.judgements: ${source}`;
  if (found.length !== 1)
    throw new UserError(
      `${where} must be of one evaluation set of ${dataset.dir} (${sets.map(({ set }) => set.name).join(", ")}), got ${said ?? (found.map(({ set }) => set.name).join(" and ") || `queries of none, such as ${[...grades.keys()][0]}`)}; dataset.judgements.set names it`,
    );
  const { set, byId } = found[0]!;
  const { enabled, sets: evaluated = dataset.evaluationSets.map(({ name }) => name) } =
    config.recall_validation;
  if (enabled && evaluated.includes(set.name))
    throw new UserError(
      `${where} must be of a set that recall_validation.sets leaves out (${evaluated.join(", ")}), got ${set.name}, which would be trained on and tested on`,
    );
  const documents = await documentsById(dataset, set, names);
  const judged = [...grades].flatMap(([id, ofQuery]) => {
    const query = byId.get(id);
    return query === undefined
      ? []
      : [...ofQuery].flatMap(([document, grade]) => {
          const row = documents.get(document);
          return row === undefined ? [] : [{ query, document: row, grade }];
        });
  });
  if (judged.length === 0)
    throw new UserError(
      `${where} must judge queries and documents of set "${set.name}" of ${dataset.dir}, got none that are there`,
    );
  return {
    relevant: judged.filter(({ grade }) => grade > 0),
    notRelevant: judged.filter(({ grade }) => grade === 0),
  };
}

/**
 * Joins judgements to the rows of labelled pairs: those judged not relevant are taken out, relevant ones are added.
 *
 * @param texts   columns of the pairs, changed
 * @param grades  column with the grades of pairs, "1" where none was read; changed alike
 */
export function addJudgedPairs(
  { relevant, notRelevant }: JudgedPairs,
  texts: Record<string, string[]>,
  names: ColumnNames,
  grades: string[],
): Record<string, number> {
  const columns = [...new Set([...names.query, ...names.document])];
  const keyOf = (row: Row) => rowKey(row, columns);
  const refused = new Set(notRelevant.map(({ query, document }) => keyOf({ ...document, ...query })));
  const count = texts[columns[0]!]!.length;
  const rowAt = (i: number): Row => Object.fromEntries(columns.map((name) => [name, texts[name]![i]!]));
  const kept = Array.from({ length: count }, (_, i) => i).filter(
    (i) => refused.size === 0 || !refused.has(keyOf(rowAt(i))),
  );
  for (const name of columns) texts[name] = kept.map((i) => texts[name]![i]!);
  grades.splice(0, grades.length, ...kept.map((i) => grades[i]!));
  for (const { query, document, grade } of relevant) {
    const row = { ...document, ...query };
    for (const name of columns) texts[name]!.push(row[name]!);
    grades.push(String(grade));
  }
  return {
    "pairs judged relevant": relevant.length,
    "pairs judged not relevant": notRelevant.length,
    "labelled pairs judged not relevant, left out": count - kept.length,
  };
}

/** What judgements, and the files of suspects that mined negatives exclude, say of a pair set's documents. */
export async function verdictsOf(
  config: Config,
  pairs: PairSet,
  names: ColumnNames,
  judged: JudgedPairs | null,
): Promise<Verdicts | null> {
  const files = suspectFiles(config);
  if (judged === null && files.length === 0) return null;
  const queryAt = new Map(pairs.queryRows!.map((row, i) => [rowKey(row, names.query), i]));
  const documentAt = new Map(pairs.documentRows!.map((row, i) => [rowKey(row, names.document), i]));
  const grouped = (list: readonly { query: Row; document: Row }[]): Map<number, Set<number>> => {
    const found = new Map<number, Set<number>>();
    for (const { query, document } of list) {
      const q = queryAt.get(rowKey(query, names.query));
      const d = documentAt.get(rowKey(document, names.document));
      if (q !== undefined && d !== undefined) found.set(q, (found.get(q) ?? new Set()).add(d));
    }
    return found;
  };
  const suspects = await Promise.all(
    files.map(async (file) => {
      const found = grouped(await suspectsIn(file, config, names));
      if (found.size === 0)
        throw new UserError(
          `${file}: suspects must be of training queries and documents of ${config.dataset_dir}, got none that are`,
        );
      return [file, found] as const;
    }),
  );
  return { notRelevant: grouped(judged?.notRelevant ?? []), suspects: Object.fromEntries(suspects) };
}

function suspectFiles({ negatives }: Config): string[] {
  if (negatives.type !== "batch") return [];
  return [
    ...new Set(
      negatives.add.flatMap((source) =>
        source.type === "hard" && source.exclude !== null ? [source.exclude] : [],
      ),
    ),
  ];
}

/** Pairs of a queue of suspects, by the text or id of the query, or of qrels, whatever their grade. */
async function suspectsIn(
  file: string,
  { dataset_dir: dir }: Config,
  names: ColumnNames,
): Promise<{ query: Row; document: Row }[]> {
  const dataset = openDataset(dir);
  const listed = file.endsWith(".jsonl") || file.endsWith(".json") ? readSuspects(file) : listedIn(file);
  const sets = await queriesById(dataset, names);
  const [column] = names.query;
  const documents = await documentsById(dataset, sets[0]!.set, names);
  return listed.flatMap(({ query, id, document }) => {
    const row = documents.get(document);
    if (row === undefined) return [];
    const known = id === null ? undefined : sets.find(({ byId }) => byId.has(id))?.byId.get(id);
    const asked = [
      ...(known ? [known] : []),
      ...(query !== null && names.query.length === 1 ? [{ [column!]: query }] : []),
    ];
    return asked.map((one) => ({ query: one, document: row }));
  });
}

interface Suspect {
  /** its text, or null */
  query: string | null;
  id: string | null;
  document: string;
}

function readSuspects(file: string): Suspect[] {
  const { records, lines } = readJsonLines(file, { maxMalformed: 0 });
  return records.map((record, i) => {
    const { query, query_id: id, document } = record;
    if (typeof query !== "string" || typeof document !== "string")
      throw new DataError(
        `${file}:${lines[i]}: a suspect must have "query" and "document", got ${JSON.stringify(record).slice(0, 60)}`,
      );
    return { query, id: typeof id === "string" ? id : query, document };
  });
}

function listedIn(file: string): Suspect[] {
  return [...readQrels(file)].flatMap(([id, documents]) =>
    [...documents.keys()].map((document) => ({ query: null, id, document })),
  );
}

async function queriesById(
  dataset: Dataset,
  names: ColumnNames,
): Promise<{ set: ChosenSet; byId: Map<string, Row> }[]> {
  return Promise.all(
    knownSets(dataset).map(async (set) => {
      const rows =
        set.queriesPath === null
          ? await heldOutQueries(dataset, set, names)
          : (await readQueries(path.join(dataset.dir, set.queriesPath), { columns: [...names.query] }))
              .queries;
      return {
        set,
        byId: new Map(
          rows.flatMap(({ id, fields }) => [[trecId(id), fields] as const, [id, fields] as const]),
        ),
      };
    }),
  );
}

async function heldOutQueries(dataset: Dataset, set: ChosenSet, names: ColumnNames) {
  const { items, ids } = await readItems(path.join(dataset.dir, set.itemsPath));
  const columns = { queries: names.query, document: names.document[0] ?? "document_name" };
  const { queries, unanswerable = [] } = await validationQueries(dataset.dir, { items, ids }, columns);
  return [...queries, ...unanswerable];
}

async function documentsById(
  dataset: Dataset,
  { itemsPath }: ChosenSet,
  names: ColumnNames,
): Promise<Map<string, Row>> {
  const { items, ids } = await readItems(path.join(dataset.dir, itemsPath));
  return new Map(
    items.flatMap((item, i) => {
      const row = Object.fromEntries(names.document.map((name) => [name, ownEntry(item, name) ?? ""]));
      return [[trecId(ids[i]!), row] as const, [ids[i]!, row] as const];
    }),
  );
}
