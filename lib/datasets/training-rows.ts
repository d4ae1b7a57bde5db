import path from "node:path";
import { DataError } from "../files/data-error.js";
import { emptyRecord } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { layout, type TrainingPart } from "./dataset-layout.js";
import type { TextColumns } from "./parquet.js";
import { listPartFiles, type PartLimits, readPartFile } from "./part-files.js";
import { emptyReadReport, mergeReports, type ReadLimits, type ReadReport } from "./read-report.js";

/**
 * The wanted columns of all training or validation rows, part-files in order of their names.
 *
 * @param columns names, at least one
 * @returns columns of equal length, and what was met
 * @throws DataError if the folder or a file cannot be read (unless `limits.onError` is "skip"), a column is missing,
 *   too many rows are malformed, or no row is left
 */
export async function readTrainingRows(
  datasetDir: string,
  part: TrainingPart,
  columns: readonly string[],
  limits: ReadLimits = {},
): Promise<{ columns: TextColumns; report: ReadReport }> {
  return readPartFiles(path.join(datasetDir, layout[part]), columns, limits);
}

/** {@link readTrainingRows} for any folder of part-files. */
export async function readPartFiles(
  folder: string,
  columns: readonly string[],
  limits: PartLimits = {},
): Promise<{ columns: TextColumns; report: ReadReport }> {
  if (columns.length === 0) throw new UserError("readPartFiles: at least one column is needed, got none");
  const names = [...new Set(columns)];
  const all: TextColumns = emptyRecord();
  for (const name of names) all[name] = [];
  let report = emptyReadReport();
  for (const file of listPartFiles(folder)) {
    const left = limits.maxRows == null ? null : limits.maxRows - report.rows;
    if (left !== null && left <= 0) break;
    try {
      const part = await readPartFile(file, names, {
        ...limits,
        malformedBefore: report.malformed,
        maxRows: left,
      });
      for (const name of names) append(all[name]!, part.columns[name]!);
      report = mergeReports([report, part.report]);
    } catch (error) {
      if (!(error instanceof DataError) || limits.onError !== "skip") throw error;
      report.skippedFiles.push({ file, reason: error.message });
    }
  }
  if (report.rows === 0) {
    const skipped = report.skippedFiles.length > 0 ? `; left out: ${report.skippedFiles[0]!.reason}` : "";
    throw new DataError(`${folder}: part-files must hold at least one row, got 0${skipped}`);
  }
  return { columns: all, report };
}

function append(into: string[], from: readonly string[]): void {
  for (const value of from) into.push(value);
}
