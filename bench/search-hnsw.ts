/**
 * Recall@10 against queries/s of HNSW graphs over efSearch, ours beside FAISS:
 *   node --import tsx bench/search-hnsw.ts SIZE build GRAPH            once per graph, then
 *   node --import tsx bench/search-hnsw.ts SIZE curve [rounds] [seconds per run] [efSearch, comma-separated]
 * GRAPH is int8 (our graph of codes), float32, float16 (usearch) or faiss. Graphs, vectors and exact answers stay in .cache/bench-hnsw/SIZE, so that a
 * million documents are linked once. Figures: bench/README.md.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ExactIndex } from "../lib/retrieval/indexes/exact-index.js";
import { HnswIndex } from "../lib/retrieval/indexes/hnsw-index.js";
import { openIndexFile } from "../lib/retrieval/indexes/index-file.js";
import { clustered } from "./search-data.js";
import { compareSpeeds, measureSpeed, Rival } from "./search-rival.js";

const DIM = 128;
const QUERIES = 2048;
const K = 10;
const BATCH = 128;
const options = { connectivity: 16, expansionAdd: 128 };
const precisions = ["int8", "float32", "float16"] as const;
const graphs = [...precisions, "faiss"];

const size = Number(process.argv[2]);
const stage = process.argv[3];
if (!(Number.isInteger(size) && size >= K) || !["build", "curve"].includes(stage ?? ""))
  throw new RangeError("search-hnsw: SIZE build GRAPH or SIZE curve, with SIZE documents");
const folder = path.resolve(".cache/bench-hnsw", String(size));
mkdirSync(folder, { recursive: true });
const at = (name: string): string => path.join(folder, name);
if (stage === "build") await build(process.argv[4] ?? "");
else await curve(...([4, 5].map((i) => process.argv[i]) as [string?, string?]), process.argv[6]);

function readWords(name: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(at(name));
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

/** The vectors of that name, generated at their first use. */
function vectors(name: "documents" | "queries"): Float32Array {
  const file = `${name}.f32`;
  if (existsSync(at(file))) return new Float32Array(readWords(file));
  const made = name === "documents" ? clustered(size, DIM, 6) : clustered(QUERIES, DIM, 7);
  writeFileSync(at(file), new Uint8Array(made.buffer));
  return made;
}

/** Ids of the exact first ten of every query, row by row. */
async function truth(): Promise<Int32Array> {
  if (existsSync(at("truth.i32"))) return new Int32Array(readWords("truth.i32"));
  const exact = ExactIndex.build(vectors("documents"), { dim: DIM, metric: "dot", threads: 1 });
  const { ids } = await exact.search(vectors("queries"), K);
  writeFileSync(at("truth.i32"), new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  return ids;
}

/** Links the documents with one thread. */
async function build(graph: string): Promise<void> {
  if (!graphs.includes(graph))
    throw new RangeError(`search-hnsw: unknown graph "${graph}"; known: ${graphs.join(", ")}`);
  const documents = vectors("documents");
  await truth();
  let cpu: number;
  if (graph === "faiss") {
    const rival = await Rival.start();
    if (!rival) return;
    const command = { op: "hnsw-build", dim: DIM, threads: 1, documents: at("documents.f32"), ...options };
    ({ cpu } = await rival.ask<{ cpu: number }>({ ...command, file: at("faiss.index") }));
    rival.stop();
  } else {
    const precision = precisions.find((name) => name === graph)!;
    const start = process.cpuUsage();
    const made = HnswIndex.build(documents, { dim: DIM, metric: "dot", ...options, precision });
    cpu = process.cpuUsage(start).user / 1e6;
    made.save(at(`${graph}.index`));
  }
  const megabytes = statSync(at(`${graph}.index`)).size / 1e6;
  console.log(`HNSW ${size}, ${graph}: built in ${cpu.toFixed(1)} s of CPU, ${megabytes.toFixed(0)} MB`);
}

async function curve(rounds = "3", seconds = "1", expansions = "10,16,32,64,128,256"): Promise<void> {
  const queries = vectors("queries");
  const right = await truth();
  const recall = (ids: ArrayLike<number>): number => {
    let hits = 0;
    for (let q = 0; q < QUERIES; q++) {
      const wanted = new Set(right.subarray(q * K, (q + 1) * K));
      for (let i = 0; i < K; i++) if (wanted.has(ids[q * K + i]!)) hits++;
    }
    return hits / (K * QUERIES);
  };
  const rival = existsSync(at("faiss.index")) ? await Rival.start() : null;
  await rival?.ask({ op: "hnsw-load", file: at("faiss.index"), queries: at("queries.f32"), dim: DIM });
  for (const expansionSearch of expansions.split(",").map(Number)) {
    const command = { op: "hnsw", threads: 1, batch: BATCH, k: K, expansionSearch };
    const theirs = await rival?.ask<{ ids: number[][] }>({ ...command, seconds: 0, show: QUERIES });
    const name = theirs ? `FAISS at recall ${recall(theirs.ids.flat()).toFixed(4)}` : "";
    const others = theirs ? [{ name, run: () => rival!.ask({ ...command, seconds: Number(seconds) }) }] : [];
    for (const precision of precisions) {
      if (!existsSync(at(`${precision}.index`))) continue;
      const file = openIndexFile(at(`${precision}.index`), "hnsw");
      const index = HnswIndex.fromFile(file, { expansionSearch, threads: 1 });
      const found = recall((await index.search(queries, K)).ids);
      const own = () =>
        measureSpeed(
          (from, n) => index.search(queries.subarray(from * DIM, (from + n) * DIM), K),
          QUERIES,
          BATCH,
          Number(seconds),
        );
      const label = `HNSW ${size}, ef ${expansionSearch}, ${precision}, recall@10 ${found.toFixed(4)}`;
      await compareSpeeds(Number(rounds), label, own, others);
    }
  }
  rival?.stop();
}
