import { cpSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { type BeirPart, readBeirQrels, readBeirRecords } from "../../../datasets/importers/beir-files.js";
import { writeJsonLines } from "../../../datasets/json-lines.js";
import { type Qrels, writeQrels } from "../../../datasets/trec.js";
import { replaceFolder } from "../../../files/replace-folder.js";
import { UserError } from "../../../files/user-error.js";
import type { DocumentChunk, HeldOutQuery, PairChunk, PairSource } from "./pair-source.js";

/** A folder in BEIR's layout as it stands: no query is left out that is asked in two parts. */
export async function beirSource(from: string): Promise<PairSource> {
  const [corpus, queries] = [await readBeirRecords(from, "corpus"), await readBeirRecords(from, "queries")];
  const textOf = new Map(queries.map(({ id, text }) => [id, text]));
  const read = async (part: BeirPart) => (await readBeirQrels(from, part))?.qrels ?? null;
  const [train, dev, test] = [await read("train"), await read("dev"), await read("test")];
  if (train === null && dev === null && test === null)
    throw new UserError(`${from}: must hold judgements in qrels/, found none`);
  // judgements of train alone are the test, as NanoBEIR has them
  const [training, heldOut]: [Qrels, [string, Qrels][]] =
    test === null && dev === null
      ? [new Map(), [["test", train!]]]
      : [
          train ?? new Map(),
          [
            ...(test === null ? [] : [["test", test] as [string, Qrels]]),
            ...(dev === null ? [] : [["dev", dev] as [string, Qrels]]),
          ],
        ];
  const chunk = (part: string | null, qrels: Qrels): PairChunk => {
    const rows = [...qrels].flatMap(([query, grades]) =>
      [...grades].map(([id, grade]) => [textOf.get(query) ?? "", id, grade] as const),
    );
    return {
      part,
      queries: rows.map(([text]) => text),
      ids: rows.map(([, id]) => id),
      texts: null,
      grades: Float32Array.from(rows, ([, , grade]) => grade),
    };
  };
  return {
    name: path.basename(path.resolve(from)),
    kind: "BEIR folder",
    dataset: null,
    minGrade: 1,
    hasGrades: true,
    heldOut: heldOut.map(([name]) => name),
    documents: (): DocumentChunk[] => [
      { ids: corpus.map(({ id }) => id), texts: corpus.map(({ title, text }) => `${title} ${text}`.trim()) },
    ],
    heldOutQueries: (): HeldOutQuery[] =>
      heldOut.flatMap(([part, qrels]) =>
        [...qrels.keys()].map((id) => ({ part, id, text: textOf.get(id) ?? "" })),
      ),
    heldOutPairs: () => heldOut.map(([name, qrels]) => chunk(name, qrels)),
    trainingPairs: () => (training.size === 0 ? [] : [chunk(null, training)]),
    writeMended: (outDir, { keeps, rewrite }) =>
      replaceFolder(
        outDir,
        async (folder) => {
          const record = (one: { id: string; title: string; text: string }) => ({
            _id: one.id,
            title: rewrite?.(one.title) ?? one.title,
            text: rewrite?.(one.text) ?? one.text,
          });
          writeJsonLines(path.join(folder, "corpus.jsonl"), corpus.map(record));
          writeJsonLines(path.join(folder, "queries.jsonl"), queries.map(record));
          mkdirSync(path.join(folder, "qrels"), { recursive: true });
          if (existsSync(path.join(from, "qrels")))
            cpSync(path.join(from, "qrels"), path.join(folder, "qrels"), { recursive: true });
          let [row, kept] = [0, 0];
          const left: Qrels = new Map();
          for (const [query, grades] of training)
            for (const [id, grade] of grades)
              if (keeps(row++)) {
                kept++;
                left.set(query, (left.get(query) ?? new Map()).set(id, grade));
              }
          if (training.size > 0) writeQrels(path.join(folder, "qrels/train.tsv"), left, "beir");
          return `${outDir}: ${kept.toLocaleString("en")} of ${row.toLocaleString("en")} training judgements`;
        },
        ["corpus.jsonl"],
      ),
  };
}
