import { cpSync, existsSync, rmSync } from "node:fs";
import path from "node:path";
import { layout, partName } from "../../datasets/dataset-layout.js";
import { peekTable } from "../../datasets/init/peek-table.js";
import { readItems } from "../../datasets/items.js";
import { readJsonLines, writeJsonLines } from "../../datasets/json-lines.js";
import { readManifest, writeManifest } from "../../datasets/manifest.js";
import { evaluationFilesOf, openDataset } from "../../datasets/open-dataset.js";
import { parquetColumns, type TextColumns, writeParquet } from "../../datasets/parquet.js";
import { listPartFiles, readPartChunks } from "../../datasets/part-files.js";
import { emptyReadReport } from "../../datasets/read-report.js";
import { ownEntry } from "../../files/own-entry.js";
import { replaceFolder } from "../../files/replace-folder.js";
import { UserError } from "../../files/user-error.js";
import type { MendedRows } from "./sources/pair-source.js";

/** A copy of the folder whose training part lacks some rows; texts of every part are rewritten where wanted. */
export async function writeMendedDataset(
  dir: string,
  outDir: string,
  queryColumn: string,
  { keeps, rewrite, adds, note }: MendedRows,
): Promise<string> {
  if (path.resolve(outDir) === path.resolve(dir))
    throw new UserError(`--mend: must be another folder than the data set, got ${outDir}`);
  return replaceFolder(outDir, async (folder) => {
    cpSync(dir, folder, { recursive: true });
    rmSync(path.join(folder, layout.training), { recursive: true, force: true });
    let row = 0;
    let kept = 0;
    let parts = 0;
    for (const file of existsSync(path.join(dir, layout.training))
      ? listPartFiles(path.join(dir, layout.training))
      : []) {
      const names = await columnsOfPart(file);
      for await (const chunk of readPartChunks(file, names, {}, emptyReadReport())) {
        const rows = chunk[names[0]!]!.length;
        const stay: number[] = [];
        for (let i = 0; i < rows; i++) if (keeps(row + i)) stay.push(i);
        row += rows;
        kept += stay.length;
        const left: TextColumns = Object.fromEntries(
          names.map((name) => {
            const cells = stay.map((i) => chunk[name]![i]!);
            return [name, rewrite !== null && isText(name) ? cells.map(rewrite) : cells];
          }),
        );
        if (stay.length > 0) writeParquet(path.join(folder, layout.training, partName(parts++)), left);
      }
    }
    if (adds.length > 0) {
      const rows = await addedRows(dir, queryColumn, adds);
      writeParquet(path.join(folder, layout.training, partName(parts++)), rows);
      kept += rows[queryColumn]!.length;
    }
    if (rewrite !== null) rewriteRecords(folder, rewrite);
    const manifest = readManifest(dir);
    if (manifest === null)
      return `${outDir}: ${kept.toLocaleString("en")} of ${row.toLocaleString("en")} training rows`;
    const { datasetFormat: _, files: _files, fingerprint: _hash, ...said } = manifest;
    writeManifest(folder, {
      ...said,
      notes: [...said.notes, note],
      counts: { ...said.counts, trainingRows: kept },
    });
    return `${outDir}: ${kept.toLocaleString("en")} of ${row.toLocaleString("en")} training rows`;
  });
}

/** Rows for pairs of a query and a document of the pool, with the columns that the training part has. */
async function addedRows(dir: string, queryColumn: string, adds: MendedRows["adds"]): Promise<TextColumns> {
  const names = await trainingColumns(dir);
  const { items, ids } = await readItems(evaluationFilesOf(openDataset(dir, { verify: "size" })).itemsPath);
  const place = new Map(ids.map((id, i) => [id, i]));
  const known = adds.filter(({ document }) => place.has(document));
  const cell = (name: string, { query, document }: MendedRows["adds"][number]) =>
    name === queryColumn ? query : (ownEntry(items[place.get(document)!]!, name) ?? "");
  return Object.fromEntries(names.map((name) => [name, known.map((pair) => cell(name, pair))]));
}

/** Columns with words, not with ids or paths. */
function isText(name: string): boolean {
  return !/_(id|picture|image)$/.test(name) && name !== "grade";
}

function rewriteRecords(folder: string, rewrite: (text: string) => string): void {
  const dataset = openDataset(folder, { verify: "size" });
  const files = new Set(
    dataset.evaluationSets.flatMap(({ queriesPath, itemsPath }) => [queriesPath, itemsPath]),
  );
  for (const name of files) {
    const file = path.join(folder, name);
    const { records } = readJsonLines(file);
    const mended = records.map((record) =>
      Object.fromEntries(
        Object.entries(record).map(([key, value]) => [
          key,
          typeof value === "string" && isText(key) && key !== "slice" ? rewrite(value) : value,
        ]),
      ),
    );
    writeJsonLines(file, mended);
  }
}

/** Columns of a data set's training part. */
export async function trainingColumns(dir: string): Promise<string[]> {
  return columnsOfPart(listPartFiles(path.join(dir, layout.training))[0]!);
}

async function columnsOfPart(file: string): Promise<string[]> {
  return file.endsWith(".parquet") ? parquetColumns(file) : Object.keys((await peekTable(file)).columns);
}
