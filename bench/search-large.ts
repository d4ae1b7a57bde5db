/**
 * Exhaustive search at the size of a shop's catalogue, with progress: time, queries/s and peak memory.
 *   node --import tsx bench/search-large.ts [documents] [queries] [k] [most seconds] [threads]
 * Default: 1,100,000 documents × 128, 30,000 queries, k = 100. Queries go in as one call per 2,048; after the time given no
 * further call is made, and the whole is estimated from the share that was answered.
 */
import { availableParallelism } from "node:os";
import { Random } from "../lib/engine/random/random.js";
import { ExactIndex } from "../lib/retrieval/indexes/exact-index.js";
import { exactSearch } from "../lib/retrieval/indexes/exact-search.js";

const [documents = 1_100_000, queryCount = 30_000, k = 100, seconds = 420] = process.argv
  .slice(2, 6)
  .map(Number);
const threads = Number(process.argv[6] ?? availableParallelism());
const DIM = 128;
const AT_ONCE = 2048;
const CHECKED = 4;

function normals(rows: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * DIM }, () => random.normal());
}

/** The documents in pieces, so that they are held once, in the index. */
function* pieces(): Generator<Float32Array> {
  for (let from = 0; from < documents; from += 10_000)
    yield normals(Math.min(10_000, documents - from), from);
}

/** Most memory that the process has held, in GB. */
const peak = (): string => (process.resourceUsage().maxRSS / 1e6).toFixed(2);

let began = performance.now();
const elapsed = (): number => (performance.now() - began) / 1000;
const index = ExactIndex.fromChunks(documents, pieces(), { dim: DIM, threads });
console.log(
  `${documents.toLocaleString("en")} × ${DIM}: made in ${elapsed().toFixed(0)} s, index ${(index.memoryBytes / 1e9).toFixed(2)} GB, peak ${peak()} GB`,
);
const queries = normals(queryCount, 1);
const ids = new Int32Array(queryCount * k);
began = performance.now();
let done = 0;
for (; done < queryCount && elapsed() < seconds; ) {
  const n = Math.min(AT_ONCE, queryCount - done);
  const found = await index.search(queries.subarray(done * DIM, (done + n) * DIM), k);
  ids.set(found.ids, done * k);
  done += n;
  const rate = done / elapsed();
  console.log(
    `${done} of ${queryCount}: ${elapsed().toFixed(0)} s, ${rate.toFixed(0)} queries/s, ${((queryCount - done) / rate).toFixed(0)} s to go, peak ${peak()} GB`,
  );
}
const spent = elapsed();
const share = done / queryCount;
console.log(
  `${done} queries (${(100 * share).toFixed(0)} %), k ${k}, ${threads} threads: ${spent.toFixed(0)} s, ${(done / spent).toFixed(0)} queries/s, peak ${peak()} GB` +
    (share < 1 ? `; all ${queryCount} would take ${(spent / share).toFixed(0)} s` : ""),
);
await index.close();

// The same answer from one thread that scans the pieces as they are made.
const best = Array.from({ length: CHECKED }, () => [] as { id: number; score: number }[]);
let from = 0;
for (const piece of pieces()) {
  const found = exactSearch({ documents: piece, dim: DIM, queries: queries.subarray(0, CHECKED * DIM), k });
  best.forEach((list, q) => {
    for (let i = 0; i < k; i++)
      if (found.ids[q * k + i]! >= 0)
        list.push({ id: from + found.ids[q * k + i]!, score: found.scores[q * k + i]! });
    list.sort((a, b) => b.score - a.score || a.id - b.id).splice(k);
  });
  from += piece.length / DIM;
}
const same = best.every((list, q) => list.every(({ id }, i) => ids[q * k + i] === id));
console.log(`the first ${CHECKED} queries, searched piece by piece: ${same ? "the same" : "ANOTHER"} answer`);
