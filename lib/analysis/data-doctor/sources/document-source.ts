import path from "node:path";
import { jsonLineRows, writeJsonLines } from "../../../datasets/json-lines.js";
import { emptyReadReport } from "../../../datasets/read-report.js";
import { DataError } from "../../../files/data-error.js";
import { readDocumentFile } from "../../../training/fit/document-files.js";
import { arrangeDocuments } from "../../../training/fit/fit-documents.js";
import type { PairChunk, PairSource } from "./pair-source.js";

/** Whether the first line is a document of `fit`'s data model: chunks that make a pair. */
export function isDocumentRecords(file: string): boolean {
  for (const row of jsonLineRows(file, emptyReadReport(), { maxRows: 1 }, (record) => record))
    return Array.isArray((row as Record<string, unknown>)["chunks"]);
  return false;
}

/** Pairs as `fit` reads them from a file: two columns without a header, a third with a similarity, or chunks. */
export async function documentSource(file: string): Promise<PairSource> {
  const documents = await readDocumentFile(file, { convertToBlob: false });
  const arranged = arrangeDocuments(documents);
  if (arranged.kind !== "pairs" && arranged.kind !== "scored")
    throw new DataError(
      `${file}: must hold pairs of a query and a document, got documents of kind "${arranged.kind}"`,
    );
  const [left, right] =
    arranged.kind === "pairs" ? [arranged.queries, arranged.documents] : [arranged.left, arranged.right];
  const scores = arranged.kind === "scored" ? arranged.scores : null;
  const text = (one: { text?: string; uri?: string }) => one.text ?? one.uri ?? "";
  const chunk: PairChunk = {
    part: null,
    queries: left.map(text),
    ids: null,
    texts: right.map(text),
    grades: scores,
  };
  return {
    name: path.basename(file),
    kind: "file of pairs",
    dataset: null,
    minGrade: scores === null ? 1 : 0.5,
    hasGrades: scores !== null,
    heldOut: [],
    documents: () => [],
    heldOutQueries: () => [],
    heldOutPairs: () => [],
    trainingPairs: () => [chunk],
    async writeMended(out, { keeps, rewrite }) {
      if (!out.endsWith(".jsonl"))
        throw new DataError(`--mend: must end in .jsonl for a file of pairs, got "${out}"`);
      const rows = chunk.queries.flatMap((query, row) =>
        keeps(row)
          ? [
              {
                query: rewrite?.(query) ?? query,
                document: rewrite?.(chunk.texts![row]!) ?? chunk.texts![row]!,
                ...(scores !== null && { score: scores[row] }),
              },
            ]
          : [],
      );
      writeJsonLines(out, rows);
      return `${out}: ${rows.length.toLocaleString("en")} of ${chunk.queries.length.toLocaleString("en")} pairs`;
    },
  };
}
