import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { kMeans, kMeansPlusPlus, lloyd } from "../../../lib/retrieval/indexes/k-means.js";
import { vector } from "../../support/vectors.js";

describe("lloyd", () => {
  it("gives 2-dense-retrieval-course/kmeans_lloyd", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/kmeans_lloyd");
    const points = Float32Array.from(inputs.points.flat());
    const start = Float32Array.from(inputs.initial_centroids.flat());
    for (const rounds of [1, 2]) {
      const found = lloyd(points, 2, start, { iterations: rounds });
      expect([...found.labels]).toEqual(expected[`labels_${rounds}`]);
      expect(Math.abs(found.inertia - expected[`inertia_${rounds}`])).toBeLessThan(1e-3); // float32 distances
      expected[`centroids_${rounds}`].flat().forEach((c: number, i: number) => {
        expect(Math.abs(found.centroids[i]! - c)).toBeLessThan(1e-5);
      });
    }
  });

  it("lowers the inertia every round and stops when nothing moves", () => {
    const random = new Random(1);
    const points = Float32Array.from({ length: 400 * 3 }, () => random.normal());
    const start = points.slice(0, 12 * 3);
    const inertias = [1, 2, 3, 5, 9].map((iterations) => lloyd(points, 3, start, { iterations }).inertia);
    expect([...inertias].sort((a, b) => b - a)).toEqual(inertias);
    const end = lloyd(points, 3, start);
    expect(end.iterations).toBeLessThan(300);
    expect(lloyd(points, 3, end.centroids, { iterations: 1 }).labels).toEqual(end.labels);
  });

  it("gives an empty cluster the farthest point", () => {
    const points = Float32Array.of(0, 1, 2, 50);
    const { centroids } = lloyd(points, 1, Float32Array.of(1, 1000), { iterations: 1 });
    expect([...centroids]).toEqual([1, 50]);
    const { labels } = lloyd(points, 1, Float32Array.of(1, 1000), { iterations: 2 });
    expect([...labels]).toEqual([0, 0, 0, 1]);
  });

  it("survives fewer distinct points than clusters", () => {
    const { centroids, inertia } = lloyd(Float32Array.of(3, 3, 3), 1, Float32Array.of(3, 3));
    expect([...centroids]).toEqual([3, 3]);
    expect(inertia).toBe(0);
  });

  it("refuses more centroids than points", () => {
    expect(() => lloyd(Float32Array.of(1, 2), 1, Float32Array.of(1, 2, 3))).toThrow(
      "lloyd: centroids must number 1 to the 2 points, got 3",
    );
  });
});

describe("kMeansPlusPlus", () => {
  it("draws seeds in proportion to squared distance", () => {
    // points 0, 1 and 3; given the first seed 0, the second is 1 with 1/10 and 3 with 9/10, and so on
    const expected: Record<string, number> = { "0,1": 0.1, "0,3": 0.9, "1,0": 0.2, "1,3": 0.8 };
    const counts: Record<string, number> = {};
    const firsts = [0, 0, 0, 0];
    const random = new Random(2);
    for (let run = 0; run < 3000; run++) {
      const [first, second] = kMeansPlusPlus(Float32Array.of(0, 1, 3), 1, 2, random) as unknown as number[];
      firsts[first!]!++;
      counts[`${first},${second}`] = (counts[`${first},${second}`] ?? 0) + 1;
    }
    // about 1,000 draws per first seed: standard error at most 1.3 %
    for (const [pair, share] of Object.entries(expected))
      expect(Math.abs(counts[pair]! / firsts[Number(pair[0])]! - share)).toBeLessThan(0.05);
    expect(counts["0,0"]).toBeUndefined();
  });

  it("repeats points only when there are no others", () => {
    expect([...kMeansPlusPlus(Float32Array.of(7, 7), 1, 2, new Random(1))]).toEqual([7, 7]);
    const all = [...kMeansPlusPlus(Float32Array.of(5, 1, 9, 4), 1, 4, new Random(3))].sort();
    expect(all).toEqual([1, 4, 5, 9]);
  });

  it("is the same for the same seed", () => {
    const random = new Random(4);
    const points = Float32Array.from({ length: 300 }, () => random.normal());
    expect(kMeansPlusPlus(points, 3, 10, new Random(5))).toEqual(
      kMeansPlusPlus(points, 3, 10, new Random(5)),
    );
  });
});

describe("kMeans", () => {
  it("keeps the best of several restarts", () => {
    const random = new Random(6);
    const points = Float32Array.from({ length: 600 }, () => random.normal());
    const options = { clusters: 15, random: new Random(7) };
    const single = [0, 1, 2, 3].map(
      (run) => lloyd(points, 2, kMeansPlusPlus(points, 2, 15, options.random.fork(`run ${run}`))).inertia,
    );
    expect(new Set(single).size).toBeGreaterThan(1);
    expect(kMeans(points, 2, { ...options, restarts: 4 }).inertia).toBe(Math.min(...single));
    expect(() => kMeans(points, 2, { ...options, restarts: 0 })).toThrow(
      "restarts must be a positive integer, got 0",
    );
  });
});
