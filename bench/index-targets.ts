/**
 * Which index in production: the embeddings of one run searched query by query in this library's indexes and in PostgreSQL with
 * pgvector (PGlite, the same code in WebAssembly).
 *   node --import tsx bench/index-targets.ts RUN [queries]
 */
import os from "node:os";
import { performance } from "node:perf_hooks";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { buildIndex, type IndexSpec } from "../lib/retrieval/indexes/open-index.js";
import { openRetriever } from "../lib/retrieval/retrievers/open-retriever.js";
import { embeddedDocuments } from "../lib/runs/push/embedded-documents.js";
import { pgvectorStatements } from "../lib/runs/push/push-pgvector.js";

const [run = "", count = "300"] = process.argv.slice(2);
const embedded = await embeddedDocuments(run);
const { dim, vectors, ids } = embedded;
const opened = await openRetriever(run);
const rows = opened.sets[0]!.queries.slice(0, Number(count)).map(({ fields }) => fields);
const { vectors: queries } = await opened.embed!(rows, "query");
opened.close();
const k = 10;

interface Row {
  name: string;
  buildSeconds: number;
  bytes: number;
  /** ids of the k best */
  search(query: Float32Array): Promise<ArrayLike<number>>;
  close(): Promise<void>;
}

const own = async (name: string, spec: Record<string, unknown>): Promise<Row> => {
  const began = performance.now();
  const index = await buildIndex(vectors, { dim, metric: "cosine", ...spec } as IndexSpec);
  return {
    ...{ name, buildSeconds: (performance.now() - began) / 1000, bytes: index.memoryBytes },
    search: async (query) => (await index.search(query, k)).ids,
    close: async () => void (await index.close()),
  };
};

const postgres = async (name: string, index: boolean, ef: number): Promise<Row> => {
  const database = await PGlite.create({ extensions: { vector } });
  const began = performance.now();
  for (const statement of pgvectorStatements(embedded, { table: "documents", index }))
    await database.exec(statement);
  const buildSeconds = (performance.now() - began) / 1000;
  if (index) await database.exec(`SET hnsw.ef_search = ${ef};`);
  const { rows } = await database.query<{ bytes: string }>(
    "SELECT pg_total_relation_size('documents') AS bytes",
  );
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  return {
    ...{ name, buildSeconds, bytes: Number(rows[0]!.bytes) },
    search: async (query) => {
      const sql = `SELECT id FROM documents ORDER BY embedding <=> $1 LIMIT ${k}`;
      const found = await database.query<{ id: string }>(sql, [`[${query.join(",")}]`]);
      return found.rows.map(({ id }) => rowOf.get(id)!);
    },
    close: () => database.close(),
  };
};

const trials: (() => Promise<Row>)[] = [
  () => own("qdrl, exhaustive", { kind: "exact" }),
  () => own("qdrl, clusters (64, 6 probed)", { kind: "clusters", clusters: 64, probes: 6, restarts: 1 }),
  () => own("qdrl, HNSW, efSearch 64", { kind: "hnsw" }),
  () => postgres("pgvector, exhaustive", false, 0),
  () => postgres("pgvector, HNSW, ef_search 40", true, 40),
  () => postgres("pgvector, HNSW, ef_search 200", true, 200),
];
console.log(
  `${ids.length} documents of ${dim} dimensions, ${rows.length} queries, load ${os.loadavg()[0]!.toFixed(1)}`,
);
console.log(
  "| index | recall of the exhaustive 10 | median ms | p95 ms | made in s | MiB |\n|---|---|---|---|---|---|",
);
let truth: Set<number>[] | null = null;
for (const make of trials) {
  const row = await make();
  const found: number[][] = [];
  const times: number[] = [];
  for (let round = 0; round < 2; round++)
    for (let q = 0; q < rows.length; q++) {
      const began = performance.now();
      found[q] = Array.from(await row.search(queries.slice(q * dim, (q + 1) * dim)));
      if (round > 0) times.push(performance.now() - began);
    }
  truth ??= found.map((best) => new Set(best));
  const hits = found.reduce((sum, best, q) => sum + best.filter((id) => truth![q]!.has(id)).length, 0);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(2);
  const recall = (hits / (rows.length * k)).toFixed(3);
  console.log(
    `| ${row.name} | ${recall} | ${at(0.5)} | ${at(0.95)} | ${row.buildSeconds.toFixed(1)} | ${(row.bytes / 2 ** 20).toFixed(1)} |`,
  );
  await row.close();
}
process.exit(0);
