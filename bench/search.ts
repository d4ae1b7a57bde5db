/**
 * Search speed against FAISS and bm25s, alternating in one process tree:
 *   node --import tsx bench/search.ts [rounds] [seconds per run] [sizes, comma-separated] [flat,bm25,hnsw]
 * Method and figures: bench/README.md.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Random } from "../lib/engine/random.js";
import { Bm25Index } from "../lib/retrieval/bm25.js";
import { ExactIndex } from "../lib/retrieval/exact-index.js";
import { HnswIndex } from "../lib/retrieval/hnsw-index.js";
import { openIndexFile } from "../lib/retrieval/index-file.js";
import { searchModule } from "../lib/retrieval/search-kernel.js";
import { unitRows } from "../lib/retrieval/unit-rows.js";
import { median } from "./measure.js";
import { measureSpeed, Rival, type Speed } from "./search-rival.js";

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 1);
const sizes = (process.argv[4] ?? "100000,1000000").split(",").map(Number);
const parts = (process.argv[5] ?? "flat,bm25,hnsw").split(",");
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
    if (parts.includes("hnsw") && size <= 100_000) await hnsw(size);
  }
} finally {
  rival?.stop();
  rmSync(folder, { recursive: true, force: true });
}

function normals(rows: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * DIM }, () => random.normal());
}

/** Unit vectors around 1,000 centres, spread in 32 of the dimensions: more like embeddings than white noise. */
function clustered(rows: number, seed: number): Float32Array {
  const centres = normals(1000, 99);
  const random = new Random(seed);
  const out = new Float32Array(rows * DIM);
  for (let i = 0; i < rows; i++) {
    const c = random.int(1000) * DIM;
    const first = c % (DIM - 32);
    for (let j = 0; j < DIM; j++) {
      const spread = j >= first && j < first + 32 ? 1.5 : 0.2;
      out[i * DIM + j] = centres[c + j]! + spread * random.normal();
    }
  }
  return unitRows(out, DIM);
}

function write(name: string, data: Float32Array | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof data === "string" ? data : new Uint8Array(data.buffer));
  return file;
}

/** Runs both sides in turn and prints rates and their ratios. */
async function compare(
  label: string,
  own: () => Promise<Speed>,
  others: { name: string; run: () => Promise<Speed> }[],
): Promise<void> {
  const results: Speed[][] = [[], ...others.map(() => [])];
  for (let round = 0; round < rounds; round++) {
    results[0]!.push(await own());
    for (const [i, other] of others.entries()) results[i + 1]!.push(await other.run());
  }
  const middle = results.map((runs) => ({
    wall: median(runs.map((r) => r.wall)),
    cpu: median(runs.map((r) => r.cpu)),
    best: Math.max(...runs.map((r) => r.best)),
  }));
  const ours = middle[0]!;
  const cells = others.map(({ name }, i) => {
    const theirs = middle[i + 1]!;
    const ratio = (kind: keyof Speed) => (ours[kind] / theirs[kind]).toFixed(2);
    return `${name} ${theirs.wall.toFixed(0)} → ${ratio("wall")} × (CPU ${ratio("cpu")} ×, fastest ${ratio("best")} ×)`;
  });
  console.log(`${label}: ${ours.wall.toFixed(0)} queries/s; ${cells.join("; ")}`);
}

async function flat(size: number): Promise<void> {
  const documents = normals(size, 1);
  const queries = normals(QUERIES, 2);
  const command = { dim: DIM, documents: write("d.f32", documents), queries: write("q.f32", queries) };
  await rival?.ask({ op: "flat-build", ...command });
  const one = ExactIndex.build(documents, { dim: DIM, metric: "dot", threads: 1 });
  const two = ExactIndex.build(documents, { dim: DIM, metric: "dot", threads: 2 });
  await two.search(normals(4096, 3), 10); // starts the threads
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
  for (const batch of [1, 128])
    for (const k of [10, 100])
      for (const [threads, index] of [
        [1, one],
        [2, two],
      ] as const) {
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
        await compare(label, own, rival ? others : []);
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
    for (const batch of [1, 128])
      for (const k of [10, 100]) {
        const own = () =>
          measureSpeed((at, n) => index.searchAll(queries.slice(at, at + n), k), QUERIES, batch, seconds);
        const run = (threads: number) => () => rival!.ask({ op: "bm25", threads, batch, k, seconds });
        await compare(`BM25 ${size}, batch ${batch}, k ${k}, 1 thread`, own, [
          { name: `bm25s (${backend})`, run: run(1) },
        ]);
      }
  }
}

/** Recall@10 against queries/s of both graphs over efSearch. */
async function hnsw(size: number): Promise<void> {
  const documents = clustered(size, 6);
  const queries = clustered(QUERIES, 7);
  const exact = ExactIndex.build(documents, { dim: DIM, metric: "dot", threads: 1 });
  const truth = (await exact.search(queries, 10)).ids;
  const recall = (ids: ArrayLike<number>): number => {
    let hits = 0;
    for (let q = 0; q < QUERIES; q++) {
      const right = new Set(truth.subarray(q * 10, q * 10 + 10));
      for (let i = 0; i < 10; i++) if (right.has(ids[q * 10 + i]!)) hits++;
    }
    return hits / (10 * QUERIES);
  };
  const options = { connectivity: 16, expansionAdd: 128 };
  const files = { float32: path.join(folder, "f32.index"), float16: path.join(folder, "f16.index") };
  for (const precision of ["float32", "float16"] as const) {
    const start = process.cpuUsage();
    const graph = HnswIndex.build(documents, { dim: DIM, metric: "dot", ...options, precision });
    const spent = process.cpuUsage(start).user / 1e6;
    const megabytes = graph.save(files[precision]) / 1e6;
    console.log(
      `HNSW ${size}, ${precision}: built in ${spent.toFixed(1)} s of CPU, ${megabytes.toFixed(0)} MB`,
    );
  }
  if (rival) {
    const paths = { documents: write("d.f32", documents), queries: write("q.f32", queries) };
    const command = { op: "hnsw-build", dim: DIM, threads: 1, ...paths, ...options };
    const { cpu } = await rival.ask<{ cpu: number }>(command);
    console.log(`HNSW ${size}, FAISS: built in ${cpu.toFixed(1)} s of CPU`);
  }
  for (const expansionSearch of [10, 16, 32, 64, 128, 256]) {
    const command = { op: "hnsw", threads: 1, batch: 128, k: 10, expansionSearch };
    const theirs = await rival?.ask<{ ids: number[][] }>({ ...command, seconds: 0, show: QUERIES });
    const name = theirs ? `FAISS at recall ${recall(theirs.ids.flat()).toFixed(4)}` : "";
    const others = theirs ? [{ name, run: () => rival!.ask({ ...command, seconds }) }] : [];
    for (const precision of ["float32", "float16"] as const) {
      const index = HnswIndex.fromFile(openIndexFile(files[precision], "hnsw"), {
        expansionSearch,
        threads: 1,
      });
      const found = recall((await index.search(queries, 10)).ids);
      const own = () =>
        measureSpeed(
          (at, n) => index.search(queries.subarray(at * DIM, (at + n) * DIM), 10),
          QUERIES,
          128,
          seconds,
        );
      await compare(
        `HNSW ${size}, ef ${expansionSearch}, ${precision}, recall@10 ${found.toFixed(4)}`,
        own,
        others,
      );
    }
  }
}
