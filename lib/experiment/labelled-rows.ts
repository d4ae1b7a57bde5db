import { existsSync } from "node:fs";
import path from "node:path";
import { layout } from "../datasets/dataset-layout.js";
import type { TextColumns } from "../datasets/parquet.js";
import { emptyReadReport, type ReadReport } from "../datasets/read-report.js";
import { readTrainingRows } from "../datasets/training-rows.js";
import { Random } from "../engine/random/random.js";
import { emptyRecord } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { ExperimentConfig } from "./schema.js";

/**
 * The labelled training rows that a configuration uses: all, or `dataset.labelled_pairs` of them, drawn by the seed; a
 * smaller number is a part of a larger one. They keep the order of the files.
 *
 * @throws RangeError if there are none and none are made of documents' own texts either
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
        `${dir}: without labelled pairs there must be pairs of documents' own texts (dataset.document_pairs, dataset.sentence_pairs), got neither`,
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
  const count = read.columns[columns[0]!]!.length;
  if (wanted === null || wanted >= count) return read;
  const places = new Random(config.seed)
    .fork("labelled pairs")
    .shuffle(Int32Array.from({ length: count }, (_, i) => i))
    .slice(0, wanted)
    .sort();
  const drawn: TextColumns = emptyRecord();
  for (const [name, cells] of Object.entries(read.columns))
    drawn[name] = Array.from(places, (i) => cells[i]!);
  return { columns: drawn, report: { ...read.report, rows: wanted } };
}

/** Whether documents make training pairs by themselves. */
function makesPairs({ dataset }: ExperimentConfig): boolean {
  const { labelled_pairs: _, query_features: _q, document_features: _d, ...sources } = dataset;
  return Object.values(sources).some((source) => source !== null);
}
