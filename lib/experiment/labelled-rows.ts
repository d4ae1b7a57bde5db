import { existsSync } from "node:fs";
import path from "node:path";
import { layout } from "../datasets/dataset-layout.js";
import type { TextColumns } from "../datasets/parquet.js";
import { emptyReadReport, type ReadReport } from "../datasets/read-report.js";
import { readTrainingRows } from "../datasets/training-rows.js";
import { Random } from "../engine/random/random.js";
import { sourceColumns } from "../features/feature-pipeline.js";
import { emptyRecord } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { ExperimentConfig } from "./schema.js";

/**
 * The labelled training rows that a configuration uses: all, or `dataset.labelled_pairs` of them, or those of
 * `dataset.labelled_queries` queries, drawn by the seed; a smaller number is a part of a larger one. They keep the order of
 * the files.
 *
 * @throws RangeError if there are none and none are made of documents' own texts either, and for more queries than there are
 */
export async function labelledRows(
  config: ExperimentConfig,
  columns: readonly string[],
): Promise<{ columns: TextColumns; report: ReadReport }> {
  const { dataset, dataset_dir: dir } = config;
  const wanted = dataset.labelled_pairs;
  if (wanted === 0) {
    if (!makesPairs(config))
      throw new UserError(
        `${dir}: without labelled pairs there must be pairs of documents' own texts (dataset.document_pairs, dataset.sentence_pairs) or judgements (dataset.judgements), got none`,
      );
    const none: TextColumns = emptyRecord();
    for (const name of columns) none[name] = [];
    return { columns: none, report: emptyReadReport() };
  }
  if (!existsSync(path.join(dir, layout.training)))
    throw new UserError(
      `${dir}: must hold labelled pairs (${layout.training}), got none; dataset.labelled_pairs: 0 trains on documents' own texts`,
    );
  const read = await readTrainingRows(dir, "training", columns, {
    maxMalformed: config.max_malformed_rows,
    onError: config.on_error,
  });
  if (dataset.labelled_queries !== null) {
    const { queryOf, queries } = queriesOf(read.columns, queryColumns(config));
    if (dataset.labelled_queries > queries)
      throw new UserError(
        `dataset.labelled_queries: must be at most ${queries}, the training queries of ${dir}, got ${dataset.labelled_queries}`,
      );
    const chosen = new Set(drawnOf(config.seed, "labelled queries", queries, dataset.labelled_queries));
    return rowsAt(
      read,
      queryOf.flatMap((query, row) => (chosen.has(query) ? [row] : [])),
    );
  }
  const count = read.columns[columns[0]!]!.length;
  if (wanted === null || wanted >= count) return read;
  return rowsAt(read, drawnOf(config.seed, "labelled pairs", count, wanted));
}

type ReadRows = Awaited<ReturnType<typeof readTrainingRows>>;

function drawnOf(seed: number, label: string, count: number, wanted: number): Int32Array {
  return new Random(seed)
    .fork(label)
    .shuffle(Int32Array.from({ length: count }, (_, i) => i))
    .slice(0, wanted)
    .sort();
}

function rowsAt({ columns, report }: ReadRows, places: ArrayLike<number>): ReadRows {
  const drawn: TextColumns = emptyRecord();
  for (const [name, cells] of Object.entries(columns)) drawn[name] = Array.from(places, (i) => cells[i]!);
  return { columns: drawn, report: { ...report, rows: places.length } };
}

/** Which distinct query each row is of, numbered in the order in which they are met. */
function queriesOf(
  columns: Readonly<Record<string, readonly string[]>>,
  names: readonly string[],
): { queryOf: number[]; queries: number } {
  const seen = new Map<string, number>();
  const queryOf = columns[names[0]!]!.map((_, row) => {
    const key = JSON.stringify(names.map((name) => columns[name]![row]));
    const known = seen.get(key) ?? seen.size;
    seen.set(key, known);
    return known;
  });
  return { queryOf, queries: seen.size };
}

function queryColumns({ dataset }: ExperimentConfig): string[] {
  return [...new Set(dataset.query_features.flatMap((one) => sourceColumns({ from: undefined, ...one })))];
}

/** Distinct queries and pairs of the training part, before any are drawn. */
export async function countTrainingQueries(
  config: ExperimentConfig,
): Promise<{ queries: number; pairs: number }> {
  const names = queryColumns(config);
  const { columns } = await readTrainingRows(config.dataset_dir, "training", names, {
    maxMalformed: config.max_malformed_rows,
    onError: config.on_error,
  });
  const { queryOf, queries } = queriesOf(columns, names);
  return { queries, pairs: queryOf.length };
}

/** Whether documents make training pairs by themselves. */
function makesPairs({ dataset }: ExperimentConfig): boolean {
  const { document_pairs: names, sentence_pairs: sentences, span_pairs: spans, judgements } = dataset;
  return [names, sentences, spans, judgements].some((source) => source !== null);
}
