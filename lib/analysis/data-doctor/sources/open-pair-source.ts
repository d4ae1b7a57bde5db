import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { firstCsvRecord } from "../../../datasets/csv.js";
import { layout } from "../../../datasets/dataset-layout.js";
import { saysRole } from "../../../datasets/init/guess-columns.js";
import { importDataset } from "../../../datasets/registry.js";
import { DataError } from "../../../files/data-error.js";
import { UserError } from "../../../files/user-error.js";
import { findDataset } from "../../../training/fit/dataset-data.js";
import { DOCUMENT_FILES } from "../../../training/fit/document-files.js";
import { beirSource } from "./beir-source.js";
import { datasetSource } from "./dataset-source.js";
import { documentSource, isDocumentRecords } from "./document-source.js";
import type { PairSource } from "./pair-source.js";
import { tableSource } from "./table-source.js";

/**
 * Opens whatever holds query–document pairs: a data set by name or folder, a table or a folder of tables as `qdrl init` reads
 * it, a file of documents as `fit` does (pairs without a header, chunks), a folder in BEIR's or TREC's layout.
 *
 * @param columns role → column, null = none
 * @throws UserError in one line for what holds no pairs
 */
export async function openPairSource(
  what: string,
  columns: Readonly<Record<string, string | null>> = {},
): Promise<PairSource> {
  const named = findDataset(what);
  const place = named ?? what;
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new DataError(
      `${what}: must be a data set of data/, a folder or a table, found nothing there; qdrl data list shows those that can be had`,
    );
  if (stat.isDirectory()) {
    const names = readdirSync(place);
    if (named !== null || existsSync(path.join(place, layout.manifest)) || names.includes(layout.training)) {
      const { query, text, ...others } = columns;
      const [other] = Object.keys(others);
      if (other !== undefined)
        throw new UserError(`--column ${other}: of a data set, query and text can be chosen, got ${other}`);
      return datasetSource(place, { ...(query && { query }), ...(text && { text }) });
    }
    const [role] = Object.keys(columns);
    const has = (name: string) => names.includes(`${name}.jsonl`) || names.includes(name);
    if (has("corpus") && has("queries")) {
      if (role !== undefined)
        throw new UserError(`--column ${role}: is for tables, got a folder in the layout of BEIR`);
      return beirSource(place);
    }
    if (names.some((name) => /(^|[^a-z])qrels?([^a-z]|$)/i.test(name))) {
      if (role !== undefined)
        throw new UserError(`--column ${role}: is for tables, got a folder in the layout of TREC`);
      return trecSource(place);
    }
    return tableSource(place, columns);
  }
  const kind = path.extname(place).toLowerCase();
  if (!DOCUMENT_FILES.includes(kind))
    throw new DataError(`${what}: must be one of ${DOCUMENT_FILES.join(", ")}, got "${kind}"`);
  const isPlain = /^\.(csv|tsv|txt)$/.test(kind) && lacksHeader(place);
  if (isPlain || (/^\.(jsonl?|ndjson)$/.test(kind) && isDocumentRecords(place))) return documentSource(place);
  return tableSource(place, columns);
}

/** Whether no cell of the first record names a column: rows of a query and a document begin at once, as `fit` reads them. */
function lacksHeader(file: string): boolean {
  const cells = firstCsvRecord(file, file.toLowerCase().endsWith(".tsv") ? { delimiter: "\t" } : {});
  return cells.length <= 3 && !cells.some((cell) => saysRole(cell));
}

/** TREC's layout by its importer, into a folder that goes when the process does. */
async function trecSource(from: string): Promise<PairSource> {
  const scratch = mkdtempSync(path.join(tmpdir(), "qdrl-doctor-"));
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const outDir = path.join(scratch, path.basename(path.resolve(from)));
  await importDataset("trec", { outDir, from });
  return { ...(await datasetSource(outDir)), kind: "TREC folder" };
}
