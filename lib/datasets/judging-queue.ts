import { z } from "zod";
import { DataError } from "../files/data-error.js";
import { readJsonLines, writeJsonLines } from "./json-lines.js";

const queueEntry = z.strictObject({
  query: z.string().min(1).describe("id of the query in the evaluation set"),
  document: z.string().min(1).describe("id of the document"),
  reason: z.string().max(1000).describe("why it should be judged; shown after the judgement, not before"),
  score: z.number().describe("the higher, the earlier it is asked"),
});

/** A document that somebody should judge for a query: a line of a queue. */
export type QueueEntry = z.output<typeof queueEntry>;

/** Writes what should be judged as JSON lines, highest score first; `qdrl judge --queue` takes it. */
export function writeJudgingQueue(file: string, entries: readonly QueueEntry[]): void {
  writeJsonLines(file, inOrder(entries));
}

/** Reads a queue, highest score first. @throws DataError naming file and line; also for an empty queue, and a document that a query lists twice */
export function readJudgingQueue(file: string): QueueEntry[] {
  const { records, lines } = readJsonLines(file, { maxMalformed: 0 });
  const seen = new Set<string>();
  const entries = records.map((record, i) => {
    const parsed = queueEntry.safeParse(record);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      throw new DataError(
        `${file}:${lines[i]}: must have query, document, reason and score, got ${path.length > 0 ? `"${path.join(".")}": ` : ""}${message}`,
      );
    }
    const key = `${parsed.data.query}\u0000${parsed.data.document}`;
    if (seen.has(key))
      throw new DataError(
        `${file}:${lines[i]}: must name a document once for a query, got "${parsed.data.document}" and query "${parsed.data.query}" again`,
      );
    seen.add(key);
    return parsed.data;
  });
  if (entries.length === 0) throw new DataError(`${file}: must name at least one document to judge, got 0`);
  return inOrder(entries);
}

function inOrder(entries: readonly QueueEntry[]): QueueEntry[] {
  return [...entries].sort((a, b) => b.score - a.score);
}
