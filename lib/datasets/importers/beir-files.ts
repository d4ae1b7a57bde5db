import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DataError } from "../../files/data-error.js";
import { readJsonLines } from "../json-lines.js";
import { readPartFiles } from "../training-rows.js";
import { type Qrels, readQrels } from "../trec.js";

/** A document or query as BEIR keeps it. */
export interface BeirRecord {
  id: string;
  title: string;
  text: string;
}

/** Parts of the judgements, with the names that files of them have. */
const partNames = { train: ["train"], dev: ["dev", "validation", "valid"], test: ["test"] } as const;
export type BeirPart = keyof typeof partNames;

/**
 * Records of `corpus` or `queries`: `<name>.jsonl`, or a folder `<name>` of Parquet or JSON-lines part-files, as data sets
 * on the Hugging Face hub have it. Ids may be numbers, titles null or missing.
 *
 * @throws DataError naming the file, and line where there is one
 */
export async function readBeirRecords(from: string, name: "corpus" | "queries"): Promise<BeirRecord[]> {
  const folder = path.join(from, name);
  if (!existsSync(path.join(from, `${name}.jsonl`)) && isFolder(folder)) return fromParts(folder, name);
  return fromJsonLines(path.join(from, `${name}.jsonl`));
}

/**
 * Judgements of one part: `qrels/<part>.tsv`, or the part-files of the folder `qrels` whose names begin with the part's
 * (columns query-id, corpus-id, and score; without it every row is relevant). null if there are none.
 */
export async function readBeirQrels(
  from: string,
  part: BeirPart,
): Promise<{ qrels: Qrels; file: string } | null> {
  const folder = path.join(from, "qrels");
  for (const name of partNames[part]) {
    const file = path.join(folder, `${name}.tsv`);
    if (existsSync(file)) return { qrels: readQrels(file), file };
  }
  const files = isFolder(folder) ? readdirSync(folder).filter((name) => /\.(parquet|jsonl)$/.test(name)) : [];
  const own = files.filter((name) => partNames[part].some((start) => name.startsWith(start)));
  if (own.length === 0) return null;
  const graded = await readParts(folder, ["query-id", "corpus-id", "score"]).catch(() => null);
  const { columns } = graded ?? (await readParts(folder, ["query-id", "corpus-id"]));
  const qrels: Qrels = new Map();
  columns["query-id"]!.forEach((query, row) => {
    const grades = qrels.get(query) ?? new Map<string, number>();
    grades.set(columns["corpus-id"]![row]!, Number(columns["score"]?.[row] ?? 1));
    qrels.set(query, grades);
  });
  return { qrels, file: folder };
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

const readParts = (folder: string, columns: readonly string[]) =>
  readPartFiles(folder, columns, { maxMalformed: 0 });

async function fromParts(folder: string, name: string): Promise<BeirRecord[]> {
  const titled =
    name === "corpus" ? await readParts(folder, ["_id", "title", "text"]).catch(() => null) : null;
  const { columns } = titled ?? (await readParts(folder, ["_id", "text"]));
  const records = columns["_id"]!.map((id, row) => ({
    id,
    title: columns["title"]?.[row] ?? "",
    text: columns["text"]![row]!,
  }));
  checkIds(records, (row) => `${folder}: row ${row + 1}`);
  return records;
}

function fromJsonLines(file: string): BeirRecord[] {
  const { records, lines } = readJsonLines(file, { maxMalformed: 0 });
  const read = records.map((record, index) => {
    const fail = (rule: string) => new DataError(`${file}:${lines[index]}: ${rule}`);
    const { _id, text } = record;
    const title = record["title"] ?? "";
    if (typeof _id !== "string" && typeof _id !== "number")
      throw fail(`"_id" must be text that is not empty, or a number, got ${shown(_id)}`);
    if (typeof text !== "string") throw fail(`"text" must be text, got ${shown(text)}`);
    if (typeof title !== "string") throw fail(`"title" must be text, null or missing, got ${shown(title)}`);
    return { id: String(_id), title, text };
  });
  checkIds(read, (row) => `${file}:${lines[row]}`);
  return read;
}

function checkIds(records: readonly BeirRecord[], place: (row: number) => string): void {
  const seen = new Set<string>();
  records.forEach(({ id }, row) => {
    if (id === "")
      throw new DataError(`${place(row)}: "_id" must be text that is not empty, or a number, got ""`);
    if (seen.has(id)) throw new DataError(`${place(row)}: each "_id" must occur once, got "${id}" again`);
    seen.add(id);
  });
}

function shown(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value).slice(0, 60);
}
