import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { recallLatency } from "../../../lib/reporting/figures/recall-latency.js";
import { measureIndexes } from "../../../lib/retrieval/indexes/measure-indexes.js";
import { openIndex } from "../../../lib/retrieval/indexes/open-index.js";

const folder = mkdtempSync(path.join(tmpdir(), "qdrl-measure-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("measureIndexes", () => {
  it("measures every kind at every setting, recall rising with the work done", async () => {
    const random = new Random(5);
    const vectors = (count: number) => Float32Array.from({ length: count * 8 }, () => random.normal());
    const measured = await measureIndexes(vectors(400), vectors(30), {
      ...{ dim: 8, folder, seconds: 0.001, expansions: [10, 200], probes: [1, 8, 80, 1000] },
    });
    const recall = (index: string) => measured.filter((m) => m.index === index).map((m) => m.recall);
    expect(recall("exhaustive")).toEqual([1]);
    expect(recall("HNSW")).toHaveLength(2);
    expect(recall("HNSW")[1]).toBeGreaterThan(0.99);
    const clusters = recall("clusters");
    expect(clusters).toHaveLength(3); // 80 clusters: 1,000 cannot be probed
    expect(clusters[0]).toBeLessThan(clusters[1]!);
    expect(clusters[2]).toBe(1);
    for (const { latencyMs, queriesPerSecond, memoryBytes, fileBytes } of measured)
      for (const value of [latencyMs, queriesPerSecond, memoryBytes, fileBytes])
        expect(value).toBeGreaterThan(0);
    expect(openIndex(path.join(folder, "clusters.index")).size).toBe(400);

    const { data } = recallLatency(measured, 10);
    expect(data.map((trace) => trace["name"])).toEqual(["exhaustive", "HNSW", "HNSW, float16", "clusters"]);
    expect(() => recallLatency([{ ...measured[0]!, latencyMs: 0 }], 10)).toThrow(
      "latency must be > 0, got 0",
    );
  });
});
