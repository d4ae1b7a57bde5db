import { describe, expect, it } from "vitest";
import { nearestPoints } from "../../../lib/analysis/maps/nearest-points.js";
import { Random } from "../../../lib/engine/random/random.js";
import { normalizedRows } from "../../../lib/retrieval/indexes/unit-rows.js";

/** Indices of the `width` rows nearest to one, in doubles, and their distances. */
function byAllProducts(points: Float32Array, dim: number, row: number, width: number) {
  const away = Array.from({ length: points.length / dim }, (_, other) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += (points[row * dim + d]! - points[other * dim + d]!) ** 2;
    return { other, distance: Math.sqrt(sum) };
  });
  return away
    .filter(({ other }) => other !== row)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, width);
}

describe("nearestPoints", () => {
  const [dim, width] = [8, 6];
  const random = new Random(2);
  const rows = (n: number) =>
    normalizedRows(
      Float32Array.from({ length: n * dim }, () => random.normal()),
      dim,
    );

  it("is exact for some thousand points", async () => {
    const points = rows(3000);
    const { ids, distances, exact } = await nearestPoints(points, dim, width);
    expect(exact).toBe(true);
    for (const row of [0, 17, 2999]) {
      const expected = byAllProducts(points, dim, row, width);
      const own = [row * width, (row + 1) * width] as const;
      expect([...ids.subarray(...own)]).toEqual(expected.map(({ other }) => other));
      distances.subarray(...own).forEach((distance, i) => {
        expect(distance).toBeCloseTo(expected[i]!.distance, 4); // √ of a float32 difference near 0
      });
    }
  });

  it("finds more than nine in ten beyond, with the distances of unrounded rows", async () => {
    const points = rows(20_001);
    const { ids, distances, exact } = await nearestPoints(points, dim, width);
    expect(exact).toBe(false);
    let hits = 0;
    for (let row = 0; row < 40; row++) {
      const expected = new Map(
        byAllProducts(points, dim, row, width).map(({ other, distance }) => [other, distance] as const),
      );
      for (let at = row * width; at < (row + 1) * width; at++) {
        const distance = expected.get(ids[at]!);
        if (distance === undefined) continue;
        hits++;
        expect(distances[at]).toBeCloseTo(distance, 4);
      }
    }
    expect(hits / (40 * width)).toBeGreaterThan(0.9);
  });
});
