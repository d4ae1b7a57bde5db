import { UMAP } from "umap-js";
import { describe, expect, it } from "vitest";
import { distanceCurve } from "../../../lib/analysis/maps/distance-curve.js";
import { fuzzyGraph } from "../../../lib/analysis/maps/fuzzy-graph.js";
import { nearestPoints } from "../../../lib/analysis/maps/nearest-points.js";
import { Random } from "../../../lib/engine/random/random.js";
import { normalizedRows } from "../../../lib/retrieval/indexes/unit-rows.js";

describe("fuzzyGraph", () => {
  it("has the edges and strengths of umap-js, for points some of which are equal", async () => {
    const [n, dim, width] = [90, 6, 7];
    const random = new Random(4);
    const points = Float32Array.from({ length: n * dim }, () => random.normal());
    for (const copy of [40, 41]) points.copyWithin(copy * dim, 0, dim);
    const nearest = await nearestPoints(normalizedRows(points, dim), dim, width);
    const own = fuzzyGraph(nearest);

    const umap = new UMAP({ nNeighbors: width + 1, random: () => random.next() });
    const listed = <T extends Int32Array | Float32Array>(all: T, first: (i: number) => number) =>
      Array.from({ length: n }, (_, i) => [first(i), ...all.subarray(i * width, (i + 1) * width)]);
    umap.setPrecomputedKNN(
      listed(nearest.ids, (i) => i),
      listed(nearest.distances, () => 0),
    );
    umap.initializeFit(Array.from({ length: n }, () => [0]));
    const { graph } = umap as unknown as {
      graph: { getAll(): { row: number; col: number; value: number }[] };
    };
    const expected = new Map<string, number>(
      graph.getAll().flatMap(({ row, col, value }) => (value > 0 ? [[`${row} ${col}`, value] as const] : [])),
    );
    expect(expected.size).toBeGreaterThan(n * width);
    expect(new Set(Array.from(own.heads, (head, i) => `${head} ${own.tails[i]!}`))).toEqual(
      new Set<string>(expected.keys()),
    );
    own.weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(expected.get(`${own.heads[i]} ${own.tails[i]}`)!, 5); // float32 against doubles
    });
  });
});

describe("distanceCurve", () => {
  // find_ab_params(1, minDist) of umap-learn 0.5.12
  it.each([
    [0.05, 1.7502249633, 0.8420553925],
    [0.1, 1.5769434603, 0.8950608779],
    [0.5, 0.5830300203, 1.3341669924],
  ])("fits the curve of umap-learn for a least distance of %s", (minDist, a, b) => {
    const fitted = distanceCurve(minDist);
    expect(fitted.a).toBeCloseTo(a, 6);
    expect(fitted.b).toBeCloseTo(b, 6);
  });
});
