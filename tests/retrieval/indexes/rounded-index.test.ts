import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { ROW_STORAGES, type RoundedStorage, storedRows } from "../../../lib/files/rounded-rows.js";
import { buildIndex, openIndex } from "../../../lib/retrieval/indexes/open-index.js";
import { RoundedIndex } from "../../../lib/retrieval/indexes/rounded-index.js";

const folder = mkdtempSync(path.join(tmpdir(), "qdrl-rounded-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DIM = 13; // no multiple of eight bits in any storage
const ROWS = 300;
const random = new Random(4);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const documents = normals(ROWS * DIM);
documents.fill(0, 5 * DIM, 6 * DIM);
const queries = normals(6 * DIM);
const rounded = ROW_STORAGES.slice(1) as RoundedStorage[];

/** Scores by an obvious loop over the rows as they are stored, in their first numbers. */
function slow(
  storage: RoundedStorage,
  query: Float32Array,
  metric: "cosine" | "dot",
  width: number,
): number[] {
  const first = Float32Array.from({ length: ROWS * width }, (_, i) => {
    const row = Math.floor(i / width);
    return documents[row * DIM + (i % width)]!;
  });
  const rows = storedRows(storage, first, width);
  const norm = (x: number[]) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)) || 1;
  const q = [...query.subarray(0, width)];
  return Array.from({ length: ROWS }, (_, r) => {
    const row = [...rows.subarray(r * width, (r + 1) * width)];
    const product = row.reduce((sum, v, d) => sum + v * q[d]!, 0);
    return metric === "dot" ? product : product / (norm(row) * norm(q));
  });
}

describe("RoundedIndex", () => {
  const cases = rounded.flatMap((storage) =>
    (["cosine", "dot"] as const).flatMap((metric) =>
      [DIM, 7].map((width) => [storage, metric, width] as const),
    ),
  );

  it.each(cases)(
    "agrees with a slow loop over stored rows (%s, %s, %i numbers)",
    async (storage, metric, width) => {
      const index = RoundedIndex.build(documents, { dim: DIM, metric, storage, width });
      const { ids, scores } = await index.search(queries, 20);
      for (let q = 0; q < 6; q++) {
        const all = slow(storage, queries.subarray(q * DIM, (q + 1) * DIM), metric, width);
        const best = [...all].sort((a, b) => b - a);
        for (let i = 0; i < 20; i++) {
          expect(scores[q * 20 + i]).toBeCloseTo(best[i]!, 4); // float32 sums of rows and scales
          expect(all[ids[q * 20 + i]!]).toBeCloseTo(best[i]!, 4);
        }
      }
      const file = path.join(folder, `${storage}-${metric}-${width}.index`);
      index.save(file);
      const again = await openIndex(file).search(queries, 20);
      expect(again).toEqual({ ids, scores });
    },
  );

  it("finds what exhaustive search finds once all documents are rescored, and obeys filters", async () => {
    const exact = buildIndex(documents, { kind: "exact", dim: DIM });
    const rescore = { storage: "float32", candidates: ROWS } as const;
    const index = buildIndex(documents, { kind: "rounded", dim: DIM, storage: "binary", width: 8, rescore });
    const options = { exclude: [1, 2, 3], excludePerQuery: [10, 11, 12, 13, 14, 15] };
    const [a, b] = [await exact.search(queries, 10, options), await index.search(queries, 10, options)];
    expect([...b.ids]).toEqual([...a.ids]);
    a.scores.forEach((score, i) => {
      expect(b.scores[i]).toBeCloseTo(score, 5);
    });
    await exact.close();
  });

  it("comes nearer to exhaustive search with more bits, and with rescoring of few candidates", async () => {
    const big = normals(4000 * 32);
    const asked = normals(50 * 32);
    const exact = buildIndex(big, { kind: "exact", dim: 32 });
    const truth = (await exact.search(asked, 10)).ids;
    await exact.close();
    const recall = async (more: object) => {
      const { ids } = await buildIndex(big, { kind: "rounded", dim: 32, ...more } as never).search(asked, 10);
      let hits = 0;
      for (let at = 0; at < truth.length; at += 10) {
        const wanted = new Set(truth.subarray(at, at + 10));
        hits += [...ids.subarray(at, at + 10)].filter((id) => wanted.has(id)).length;
      }
      return hits / truth.length;
    };
    const byBits = [];
    for (const storage of ["binary", "int4", "int5", "int6", "int8"]) byBits.push(await recall({ storage }));
    expect([...byBits].sort((a, b) => a - b)).toEqual(byBits);
    expect(byBits.at(-1)).toBeGreaterThan(0.97);
    const rescored = await recall({ storage: "binary", rescore: { storage: "int8", candidates: 10 } });
    expect(rescored).toBeGreaterThan(byBits[0]! + 0.2);
  });

  it("holds the bits that its storage says", () => {
    for (const [storage, bits] of [
      ["int8", 8],
      ["int6", 6],
      ["int5", 5],
      ["int4", 4],
      ["binary", 1],
    ] as const)
      expect(RoundedIndex.build(documents, { dim: DIM, storage }).memoryBytes).toBe(
        ROWS * (Math.ceil((DIM * bits) / 8) + 4),
      );
  });

  it("refuses what it cannot do", () => {
    const build = (more: object) => () => RoundedIndex.build(documents, { dim: DIM, ...more });
    expect(build({ metric: "euclidean" })).toThrow(
      "RoundedIndex: metric must be cosine or dot, got euclidean",
    );
    expect(build({ storage: "int3" })).toThrow(/must be one of int8, int6, int5, int4, binary, got "int3"/);
    expect(build({ width: 14 })).toThrow("width must be a whole number from 1 to 13, got 14");
    expect(build({ rescore: { storage: "int8", candidates: 0 } })).toThrow(
      "must be a positive integer, got 0",
    );
  });
});
