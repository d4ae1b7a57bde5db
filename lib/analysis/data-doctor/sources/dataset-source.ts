import { existsSync } from "node:fs";
import path from "node:path";
import { layout } from "../../../datasets/dataset-layout.js";
import { readItems } from "../../../datasets/items.js";
import { jsonLineRows } from "../../../datasets/json-lines.js";
import { evaluationFilesOf, openDataset } from "../../../datasets/open-dataset.js";
import { listPartFiles, readPartChunks } from "../../../datasets/part-files.js";
import { readQueries } from "../../../datasets/queries.js";
import { emptyReadReport } from "../../../datasets/read-report.js";
import { ownEntry } from "../../../files/own-entry.js";
import { UserError } from "../../../files/user-error.js";
import { trainingColumns, writeMendedDataset } from "../write-mended.js";
import type { DocumentChunk, HeldOutQuery, PairChunk, PairSource } from "./pair-source.js";

/** Columns that are examined where several could be. */
export interface ExaminedColumns {
  query?: string;
  text?: string;
}

/**
 * A data set folder in the house's layout. Documents are known by `document_id` where training rows have it, else by their
 * text; examined are the query column and the fullest text column that both training rows and documents have.
 */
export async function datasetSource(dir: string, columns: ExaminedColumns = {}): Promise<PairSource> {
  const dataset = openDataset(dir, { verify: "size" });
  const sets = dataset.evaluationSets.map(({ name }) => evaluationFilesOf(dataset, name));
  const hasPart = (part: string) => existsSync(path.join(dir, part));
  const training = hasPart(layout.training) ? await trainingColumns(dir) : [];
  const itemFields = sets.length > 0 ? firstFields(sets[0]!.itemsPath) : [];
  const query = columnOf(
    "query",
    columns.query,
    "query_",
    ["query_search_phrase"],
    training.length > 0 ? training : firstFields(sets[0]?.queriesPath),
  );
  const text = columnOf(
    "text",
    columns.text,
    "document_",
    ["document_text", "document_name"],
    training.length > 0 ? training : itemFields,
  );
  const byId = training.includes("document_id");
  const ownValidation = hasPart(layout.validation) && !sets.some(({ name }) => name === "validation");
  const idByText = new Map<string, string>();
  const read = async function* (part: string, name: string | null): AsyncGenerator<PairChunk> {
    if (!hasPart(part)) return;
    const folder = path.join(dir, part);
    const wanted = [
      query,
      text,
      ...(byId ? ["document_id"] : []),
      ...(training.includes("grade") ? ["grade"] : []),
    ];
    for (const file of listPartFiles(folder))
      for await (const chunk of readPartChunks(file, wanted, {}, emptyReadReport()))
        yield {
          part: name,
          queries: chunk[query]!,
          ids: byId ? chunk["document_id"]! : null,
          texts: chunk[text]!,
          grades: training.includes("grade") ? chunk["grade"]!.map(Number) : null,
        };
  };
  return {
    name: dataset.name,
    kind: "data set",
    dataset: dir,
    minGrade: minGradeOf(dataset.manifest?.options),
    hasGrades: training.includes("grade") || sets.some(({ judgedNegatives }) => judgedNegatives),
    heldOut: [...sets.map(({ name }) => name), ...(ownValidation ? ["validation"] : [])],
    ...(dataset.manifest?.counts["trainingRows"] !== undefined && {
      estimate: dataset.manifest.counts["trainingRows"],
    }),
    async *documents(): AsyncGenerator<DocumentChunk> {
      for (const itemsPath of new Set(sets.map((set) => set.itemsPath))) {
        const { items, ids } = await readItems(itemsPath);
        const texts = items.map((item) => ownEntry(item, text) ?? "");
        if (!byId) for (const [i, one] of texts.entries()) idByText.set(one, ids[i]!);
        yield { ids: byId ? ids : texts, texts };
      }
    },
    async *heldOutQueries(): AsyncGenerator<HeldOutQuery> {
      for (const { name, queriesPath } of sets)
        for (const { id, fields } of (await readQueries(queriesPath)).queries)
          yield { part: name, id, text: ownEntry(fields, query) ?? "" };
    },
    async *heldOutPairs(): AsyncGenerator<PairChunk> {
      const minGrade = minGradeOf(dataset.manifest?.options);
      for (const { name, queriesPath, itemsPath } of sets) {
        const textOf = byId ? null : await textsById(itemsPath, text);
        const rows: [string, string, number][] = [];
        for (const { fields, relevantIds, grades } of (await readQueries(queriesPath)).queries) {
          const relevant = new Set(relevantIds);
          for (const id of relevant) {
            const grade = ownEntry(grades, id);
            rows.push([ownEntry(fields, query) ?? "", id, Math.max(minGrade, grade ?? minGrade)]);
          }
          for (const [id, grade] of Object.entries(grades ?? {}))
            if (!relevant.has(id))
              rows.push([ownEntry(fields, query) ?? "", id, Math.min(grade, minGrade - 1)]);
        }
        yield {
          part: name,
          queries: rows.map(([text]) => text),
          ids: rows.map(([, id]) => textOf?.get(id) ?? id),
          texts: null,
          grades: Float32Array.from(rows, ([, , grade]) => grade),
        };
      }
      if (ownValidation) yield* read(layout.validation, "validation");
    },
    trainingPairs: () => read(layout.training, null),
    ...(!byId && { idOf: (name: string) => idByText.get(name) ?? name }),
    writeMended: (outDir, changes) => writeMendedDataset(dir, outDir, query, changes),
  };
}

/** Documents of a training part without ids are known by their texts, so judged ids are turned into these. */
async function textsById(itemsPath: string, text: string): Promise<Map<string, string>> {
  const { items, ids } = await readItems(itemsPath);
  return new Map(ids.map((id, i) => [id, ownEntry(items[i]!, text) ?? ""]));
}

function firstFields(file: string | undefined): string[] {
  if (file === undefined) return [];
  for (const row of jsonLineRows(file, emptyReadReport(), { maxRows: 1 }, (record) => record))
    return Object.keys(row);
  return [];
}

function columnOf(
  role: string,
  chosen: string | undefined,
  start: string,
  usual: readonly string[],
  known: readonly string[],
): string {
  if (chosen !== undefined) {
    if (known.includes(chosen)) return chosen;
    throw new UserError(`--column ${role}: must be one of ${known.join(", ")}, got "${chosen}"`);
  }
  const found =
    usual.find((name) => known.includes(name)) ??
    known.find((name) => name.startsWith(start) && !/_(id|picture|image)$/.test(name)) ??
    known.find((name) => name.startsWith(start));
  if (found === undefined)
    throw new UserError(
      `data doctor: must find a column ${start}…, got ${known.join(", ") || "none"}; say which with --column ${role}=NAME`,
    );
  return found;
}

function minGradeOf(options: Readonly<Record<string, unknown>> | undefined): number {
  const said = ownEntry(options, "minGrade") ?? ownEntry(options, "min_grade");
  return typeof said === "number" ? said : 1;
}
