import fs from "node:fs";
import path from "node:path";
import { Random } from "../engine/random/random.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { csvLine } from "./csv.js";
import { layout } from "./dataset-layout.js";
import { readItems } from "./items.js";
import { writeJsonLines } from "./json-lines.js";
import { openDataset } from "./open-dataset.js";
import { readTrainingRows } from "./training-rows.js";

export interface ExampleFileOptions {
  /** rows of each file at most (default 1000) */
  most?: number;
  seed?: number;
  query?: string;
  document?: string;
  category?: string;
  picture?: string;
}

/** The files written, by what they hold. */
export type ExampleFiles = Record<"classes" | "sessions" | "texts" | "pairs" | "scored", string> &
  Partial<Record<"held" | "captions" | "pictures", string>>;

/**
 * Files of a data set in every form that fit reads, drawn by `seed`: `classes.csv` (document, category), `sessions.jsonl` (a
 * query with a document of its own and one of another category), `texts.jsonl` (documents without labels), `pairs.csv` (query,
 * document), `scored.csv` (query, document, score: 1 for its own document, 0.5 for another of the category, 0 for one of
 * another), `held.csv` (pairs of the validation part, if there is one), and where documents have pictures `captions.csv` (document, picture) and `pictures.csv` (picture, category).
 *
 * @throws UserError for a data set without training rows
 */
export async function exampleFiles(
  dataset: string,
  outDir: string,
  options: ExampleFileOptions = {},
): Promise<ExampleFiles> {
  const { most = 1000, seed = 1, query = "query_search_phrase", document = "document_name" } = options;
  const { category = "document_category_id", picture = "document_picture" } = options;
  const random = new Random(seed);
  const { columns } = await readTrainingRows(dataset, "training", [query, document, category]);
  const count = ownEntry(columns, query)?.length ?? 0;
  if (count === 0) throw new UserError(`${dataset}: data set must have training rows, got none`);
  const [queries, documents, categories] = [columns[query]!, columns[document]!, columns[category]!];
  const rows = [...random.shuffle(Int32Array.from({ length: count }, (_, row) => row))].slice(0, most);
  const byCategory = new Map<string, number[]>();
  categories.forEach((one, row) => {
    const list = byCategory.get(one);
    if (list) list.push(row);
    else byCategory.set(one, [row]);
  });
  const other = (row: number): number => {
    for (;;) {
      const found = random.int(count);
      if (categories[found] !== categories[row] || byCategory.size < 2) return found;
    }
  };
  const sibling = (row: number): number => {
    const list = byCategory.get(categories[row]!)!;
    return list[random.int(list.length)]!;
  };
  const [set] = openDataset(dataset).evaluationSets;
  const { items } = await readItems(path.join(dataset, set!.itemsPath));
  const shown = [...random.shuffle(Int32Array.from({ length: items.length }, (_, row) => row))]
    .slice(0, most)
    .map((row) => items[row]!);
  const file = (name: string) => path.join(outDir, name);
  const csv = (name: string, lines: readonly (readonly string[])[]) => {
    atomicWriteFile(file(name), lines.map((cells) => csvLine(cells)).join(""));
    return file(name);
  };
  const named = shown.filter((item) => ownEntry(item, document) && ownEntry(item, category));
  const negative = rows.map(other);
  writeJsonLines(
    file("sessions.jsonl"),
    rows.map((row, i) => ({
      text: queries[row],
      matches: [
        { text: documents[row], tags: { finetuner_label: 1 } },
        { text: documents[negative[i]!], tags: { finetuner_label: -1 } },
      ],
    })),
  );
  writeJsonLines(
    file("texts.jsonl"),
    named.map((item) => ({ text: item[document] })),
  );
  const scored = rows.map((row, i) => {
    const found = i % 3 === 0 ? row : i % 3 === 1 ? sibling(row) : negative[i]!;
    const score = documents[found] === documents[row] ? 1 : categories[found] === categories[row] ? 0.5 : 0;
    return [queries[row]!, documents[found]!, String(score)];
  });
  const held = fs.existsSync(path.join(dataset, layout.validation))
    ? (await readTrainingRows(dataset, "validation", [query, document])).columns
    : null;
  const drawn = shown.filter((item) => item[picture]);
  return {
    classes: csv(
      "classes.csv",
      named.map((item) => [item[document]!, item[category]!]),
    ),
    sessions: file("sessions.jsonl"),
    texts: file("texts.jsonl"),
    pairs: csv(
      "pairs.csv",
      rows.map((row) => [queries[row]!, documents[row]!]),
    ),
    scored: csv("scored.csv", scored),
    ...(held && {
      held: csv(
        "held.csv",
        held[query]!.slice(0, most).map((text, row) => [text, held[document]![row]!]),
      ),
    }),
    ...(drawn.length > 0 && {
      captions: csv(
        "captions.csv",
        drawn.map((item) => [item[document]!, item[picture]!]),
      ),
      pictures: csv(
        "pictures.csv",
        drawn.map((item) => [item[picture]!, item[category]!]),
      ),
    }),
  };
}
