/**
 * Search speed against FAISS and bm25s, alternating in one process tree:
 *   node --import tsx bench/search.ts [rounds] [seconds per run] [sizes, comma-separated] [flat,bm25] [batches] [threads]
 * Method and figures: bench/README.md.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Random } from "../lib/engine/random/random.js";
import { ExactIndex } from "../lib/retrieval/indexes/exact-index.js";
import { searchModule } from "../lib/retrieval/indexes/search-kernel.js";
import { Bm25Index } from "../lib/retrieval/lexical/bm25.js";
import { normals } from "./search-data.js";
import { compareSpeeds, measureSpeed, Rival } from "./search-rival.js";

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 1);
const sizes = (process.argv[4] ?? "100000,1000000").split(",").map(Number);
const parts = (process.argv[5] ?? "flat,bm25").split(",");
const batches = (process.argv[6] ?? "1,128").split(",").map(Number);
const threadCounts = (process.argv[7] ?? "1,2").split(",").map(Number);
const DIM = 128;
const QUERIES = 2048;
const folder = path.resolve(".cache/bench-search-data");

const rival = await Rival.start();
console.log(`kernels: ${searchModule().variant}; ${rounds} rounds of ${seconds} s, medians`);
mkdirSync(folder, { recursive: true });
try {
  for (const size of sizes) {
    if (parts.includes("flat")) await flat(size);
    if (parts.includes("bm25")) await bm25(size);
  }
} finally {
  rival?.stop();
  rmSync(folder, { recursive: true, force: true });
}

function write(name: string, data: Float32Array | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof data === "string" ? data : new Uint8Array(data.buffer));
  return file;
}

async function flat(size: number): Promise<void> {
  const documents = normals(size, DIM, 1);
  const queries = normals(QUERIES, DIM, 2);
  const command = { dim: DIM, documents: write("d.f32", documents), queries: write("q.f32", queries) };
  await rival?.ask({ op: "flat-build", ...command });
  const one = ExactIndex.build(documents, { dim: DIM, metric: "dot", threads: 1 });
  const two = ExactIndex.build(documents, { dim: DIM, metric: "dot", threads: 2 });
  await two.search(queries.subarray(0, 256 * DIM), 10); // starts the threads
  if (rival) {
    const { ids } = await rival.ask<{ ids: number[][] }>({
      op: "flat",
      threads: 1,
      batch: 1,
      k: 10,
      seconds: 0,
      show: 64,
    });
    const ours = (await one.search(queries.subarray(0, 64 * DIM), 10)).ids;
    const same = ids.flat().filter((id, i) => id === ours[i]).length;
    console.log(`exact ${size} × ${DIM}: ${same} of 640 first ten as FAISS has them`);
  }
  for (const batch of batches)
    for (const k of [10, 100])
      for (const [threads, index] of [
        [1, one],
        [2, two],
      ] as const) {
        if (!threadCounts.includes(threads)) continue;
        const own = () =>
          measureSpeed(
            (at, n) => index.search(queries.subarray(at * DIM, (at + n) * DIM), k),
            QUERIES,
            batch,
            seconds,
          );
        const command = { op: "flat", threads, batch, k, seconds };
        const others = [{ name: "IndexFlatIP", run: () => rival!.ask(command) }];
        // by default FAISS leaves BLAS to larger batches than it pays from
        if (batch >= 20)
          others.push({ name: "with BLAS from 20 queries", run: () => rival!.ask({ ...command, blas: 20 }) });
        const label = `exact ${size}, batch ${batch}, k ${k}, ${threads} thread${threads > 1 ? "s" : ""}`;
        await compareSpeeds(rounds, label, own, rival ? others : []);
      }
  await one.close();
  await two.close();
}

async function bm25(size: number): Promise<void> {
  const random = new Random(5);
  const word = () => `w${Math.floor(200_000 * random.next() ** 3)}`; // few common words, many rare ones
  const texts = (count: number, length: number) =>
    Array.from({ length: count }, () => Array.from({ length }, word));
  const documents = texts(size, 8);
  const queries = texts(QUERIES, 3);
  const file = (name: string, rows: string[][]) => write(name, rows.map((row) => row.join(" ")).join("\n"));
  const command = { op: "bm25-build", documents: file("d.txt", documents), queries: file("q.txt", queries) };
  const start = performance.now();
  const index = Bm25Index.build(documents);
  const built = (performance.now() - start) / 1000;
  const backends = rival ? ["numpy", "numba"] : [];
  for (const backend of backends) {
    const other = await rival!.ask<{ seconds: number }>({ ...command, backend });
    console.log(`BM25 ${size}, building: ${built.toFixed(1)} s; bm25s ${other.seconds.toFixed(1)} s`);
    const { scores } = await rival!.ask<{ scores: number[][] }>({
      op: "bm25",
      threads: 1,
      batch: 1,
      k: 10,
      seconds: 0,
      show: 64,
    });
    const ours = index.searchAll(queries.slice(0, 64), 10).scores;
    const off = Math.max(...scores.flat().map((s, i) => Math.abs(s - Math.max(0, ours[i]!))));
    console.log(`BM25 ${size}: scores differ by at most ${off.toExponential(1)}`);
    for (const batch of batches)
      for (const k of [10, 100]) {
        const own = () =>
          measureSpeed((at, n) => index.searchAll(queries.slice(at, at + n), k), QUERIES, batch, seconds);
        const run = (threads: number) => () => rival!.ask({ op: "bm25", threads, batch, k, seconds });
        await compareSpeeds(rounds, `BM25 ${size}, batch ${batch}, k ${k}, 1 thread`, own, [
          { name: `bm25s (${backend})`, run: run(1) },
        ]);
      }
  }
}
