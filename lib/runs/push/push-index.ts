import path from "node:path";
import type { Listener } from "../../engine/progress.js";
import { atomicWriteParts } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { exportRun } from "../export-run.js";
import { embeddedDocuments } from "./embedded-documents.js";
import { pushParquet } from "./push-parquet.js";
import { pgvectorStatements } from "./push-pgvector.js";
import { qdrantRequests, sendToQdrant } from "./push-qdrant.js";
import { hostOf, runPsql } from "./run-psql.js";

/** Where a run's documents can be pushed. */
export const PUSH_TARGETS = ["parquet", "pgvector", "qdrant"] as const;

export interface PushOptions {
  to: (typeof PUSH_TARGETS)[number];
  /** Folder for the query encoder, and for the file of documents. */
  output: string;
  /** Of the server; without it pgvector's SQL is written to a file. */
  url?: string;
  /** Table or collection. Default "documents". */
  table?: string;
  /** pgvector: with an HNSW index. Default true. */
  index?: boolean;
  /** Key of a Qdrant server. */
  apiKey?: string;
  listener?: Listener;
}

/**
 * Brings a run into production: its documents with embeddings to a file or a server, and beside it the exact query encoder,
 * ONNX with its dictionary, in `<output>/encoder`.
 *
 * @returns what was written, a line each
 * @throws UserError for a run without an encoder, and with what the server refuses
 */
export async function pushIndex(dir: string, options: PushOptions): Promise<string[]> {
  const { to, output, url, table = "documents", index = true, listener = {} } = options;
  if (to === "qdrant" && url === undefined)
    throw new UserError("--to qdrant: needs --url, e.g. http://127.0.0.1:6333, got none");
  if (to === "parquet" && url !== undefined)
    throw new UserError(`--url: must be given with --to pgvector or qdrant only, got ${url}`);
  const embedded = await embeddedDocuments(dir, listener);
  const { ids, dim, similarity } = embedded;
  const written: string[] = [];
  if (to === "parquet") {
    const file = path.join(output, "documents.parquet");
    pushParquet(file, embedded);
    written.push(file);
  } else if (to === "pgvector") {
    const file = path.join(output, "documents.sql");
    atomicWriteParts(file, lines(pgvectorStatements(embedded, { table, index })));
    written.push(url === undefined ? file : `${hostOf(url)}: table ${table}, by ${file}`);
    if (url !== undefined) runPsql(url, file);
  } else {
    await sendToQdrant(
      qdrantRequests(embedded, table, Date.now().toString(36)),
      url!,
      options.apiKey ?? null,
    );
    written.push(`${hostOf(url!)}: collection ${table}`);
  }
  written[0] += `: ${ids.length} documents of ${dim} dimensions, to be compared by ${similarity}`;
  const encoder = path.join(output, "encoder");
  await exportRun(dir, encoder, { listener });
  return [...written, `${encoder}: query.onnx and vectorizer.json, which queries are encoded by`];
}

function* lines(statements: Iterable<string>): Generator<string> {
  for (const statement of statements) yield `${statement}\n`;
}
