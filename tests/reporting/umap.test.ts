import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { principalPlane } from "../../lib/reporting/principal-plane.js";
import { projectEmbeddings } from "../../lib/reporting/umap.js";

/** Points around `clusters` random directions, and which direction each is around. */
function clusteredPoints(
  n: number,
  dim: number,
  clusters: number,
): { points: Float32Array; cluster: number[] } {
  const random = new Random(5);
  const centers = Float32Array.from({ length: clusters * dim }, () => random.normal());
  const cluster = Array.from({ length: n }, (_, i) => i % clusters);
  const points = new Float32Array(n * dim);
  for (let i = 0; i < n; i++)
    for (let d = 0; d < dim; d++)
      points[i * dim + d] = centers[cluster[i]! * dim + d]! + 0.2 * random.normal();
  return { points, cluster };
}

describe("projectEmbeddings", () => {
  const { points, cluster } = clusteredPoints(120, 8, 4);
  const project = (seed: number, more = {}) =>
    projectEmbeddings(points, 8, { random: new Random(seed), neighbours: 10, epochs: 60, ...more });
  const projection = project(1);

  it("keeps clusters together: the nearest point on the map is of the same cluster", () => {
    const { coordinates } = projection;
    const distance = (i: number, j: number) =>
      Math.hypot(
        coordinates[2 * i]! - coordinates[2 * j]!,
        coordinates[2 * i + 1]! - coordinates[2 * j + 1]!,
      );
    const same = cluster.filter((own, i) => {
      const others = cluster.map((_, j) => (j === i ? Number.POSITIVE_INFINITY : distance(i, j)));
      return cluster[others.indexOf(Math.min(...others))] === own;
    });
    expect(same.length).toBe(120); // clusters are 5 deviations apart
    expect(projection.trustworthiness).toBeGreaterThan(0.9);
  });

  it("gives the same map for the same seed", () => {
    expect(project(1).coordinates).toEqual(projection.coordinates);
  });

  it("does not depend on the lengths of the rows (cosine distance)", () => {
    const scaled = points.map((value, i) => value * (1 + (Math.floor(i / 8) % 3)));
    const other = projectEmbeddings(scaled, 8, { random: new Random(1), neighbours: 10, epochs: 60 });
    // the same graph; coordinates may differ by rounding amplified over epochs, trust must not
    expect(other.trustworthiness).toBeCloseTo(projection.trustworthiness, 1);
  });

  it("reports every epoch", () => {
    const seen: string[] = [];
    project(1, { epochs: 3, onProgress: (done: number, total: number) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(["1/3", "2/3", "3/3"]);
  });

  it("samples down to maxPoints, says so, and gives the rows ascending", () => {
    const { rows, statement } = project(1, { maxPoints: 50, epochs: 5 });
    expect(rows).toHaveLength(50);
    expect(new Set(rows).size).toBe(50);
    expect([...rows].sort((a, b) => a - b)).toEqual([...rows]);
    expect(statement).toContain("50 of 120 points, drawn at random");
    expect(projection.statement).toContain("all 120 points, 10 neighbours, 60 epochs; trustworthiness 0.9");
  });

  it("looks at fewer neighbours where points are few", () => {
    const few = (count: number) =>
      projectEmbeddings(points.slice(0, 8 * count), 8, { random: new Random(1), epochs: 5 });
    expect([120, 24, 5, 4].map((count) => few(count).neighbours)).toEqual([15, 12, 2, 2]);
    expect(() => few(3)).toThrow("projectEmbeddings: needs at least 4 points for 2 neighbours, got 3");
  });

  it("refuses too few points and values that are not finite", () => {
    const random = new Random(1);
    expect(() => projectEmbeddings(points.slice(0, 80), 8, { random, neighbours: 10 })).toThrow(
      "projectEmbeddings: needs at least 20 points for 10 neighbours, got 10",
    );
    const broken = points.slice();
    broken[17] = Number.NaN;
    expect(() => projectEmbeddings(broken, 8, { random, neighbours: 10 })).toThrow("row 2");
  });
});

describe("principalPlane", () => {
  it("finds the axes of a stretched cloud", () => {
    // variance 9 along (1, 1)/√2, 1 along (1, −1)/√2, none along z
    const random = new Random(2);
    const points = new Float32Array(3000);
    for (let i = 0; i < 1000; i++) {
      const a = 3 * random.normal();
      const b = random.normal();
      points.set([(a + b) / Math.SQRT2, (a - b) / Math.SQRT2, 4], i * 3);
    }
    const plane = principalPlane(points, 3);
    const spread = [0, 1].map((axis) => {
      const values = Array.from({ length: 1000 }, (_, i) => plane[2 * i + axis]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / 1000;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1000);
    });
    // sampling error of a ratio of two deviations at n = 1000 is about 3 %
    expect(spread[0]! / spread[1]!).toBeGreaterThan(2.7);
    expect(spread[0]! / spread[1]!).toBeLessThan(3.3);
    expect(Math.max(...plane.map(Math.abs))).toBeCloseTo(10, 5);
  });

  it("gives zeros for points that do not vary", () => {
    expect([...principalPlane(new Float32Array(12).fill(2), 3)]).toEqual(new Array(8).fill(0));
  });
});
