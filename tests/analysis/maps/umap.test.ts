import { beforeAll, describe, expect, it } from "vitest";
import { principalPlane } from "../../../lib/analysis/maps/principal-plane.js";
import { type Projection, projectEmbeddings } from "../../../lib/analysis/maps/umap.js";
import { Random } from "../../../lib/engine/random/random.js";

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
  let projection: Projection;
  beforeAll(async () => {
    projection = await project(1);
  });

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

  it("is as true to the points as the map of umap-js, which is seeded too", async () => {
    const theirs = await project(1, { layout: "umap-js" });
    expect(theirs.statement).toMatch(/^UMAP \(umap-js\) on cosine distance, all 120 points/);
    expect(Math.abs(theirs.trustworthiness - projection.trustworthiness)).toBeLessThan(0.05);
    expect((await project(1, { layout: "umap-js" })).coordinates).toEqual(theirs.coordinates);
    expect((await project(2, { layout: "umap-js" })).coordinates).not.toEqual(theirs.coordinates);
  });

  it("gives the same map for the same seed, whatever the number of threads, and another for another", async () => {
    expect((await project(1, { threads: 1 })).coordinates).toEqual(projection.coordinates);
    expect((await project(1, { threads: 2 })).coordinates).toEqual(projection.coordinates);
    expect((await project(2)).coordinates).not.toEqual(projection.coordinates);
  });

  it("does not depend on the lengths of the rows (cosine distance)", async () => {
    const scaled = points.map((value, i) => value * (1 + (Math.floor(i / 8) % 3)));
    const other = await projectEmbeddings(scaled, 8, { random: new Random(1), neighbours: 10, epochs: 60 });
    // the same graph; coordinates may differ by rounding amplified over epochs, trust must not
    expect(other.trustworthiness).toBeCloseTo(projection.trustworthiness, 1);
  });

  it("reports every epoch", async () => {
    const seen: string[] = [];
    await project(1, {
      epochs: 3,
      onProgress: (done: number, total: number) => seen.push(`${done}/${total}`),
    });
    expect(seen).toEqual(["1/3", "2/3", "3/3"]);
  });

  it("lays out maxPoints, says so, and places the others in their clusters", async () => {
    const { coordinates, statement } = await project(1, { maxPoints: 50 });
    expect(statement).toContain("50 of 120 points, drawn at random");
    expect(statement).toContain("The other 70 lie among their 5 nearest neighbours of these.");
    expect(projection.statement).toContain("all 120 points, 10 neighbours, 60 epochs; trustworthiness 0.9");
    // a point is nearer to the mean of its own cluster than to that of any other
    const means = [0, 1, 2, 3].map((own) => {
      const of = cluster.flatMap((each, i) => (each === own ? [i] : []));
      return [0, 1].map((axis) => of.reduce((sum, i) => sum + coordinates[2 * i + axis]! / of.length, 0));
    });
    const away = (i: number, to: number) =>
      Math.hypot(coordinates[2 * i]! - means[to]![0]!, coordinates[2 * i + 1]! - means[to]![1]!);
    const nearestMean = cluster.map((_, i) =>
      [0, 1, 2, 3].reduce((best, to) => (away(i, to) < away(i, best) ? to : best), 0),
    );
    expect(nearestMean).toEqual(cluster);
  });

  it("parts equal points", async () => {
    const doubled = new Float32Array(points.length * 2);
    doubled.set(points);
    doubled.set(points, points.length);
    const { coordinates } = await projectEmbeddings(doubled, 8, { random: new Random(1), epochs: 20 });
    expect(coordinates.every(Number.isFinite)).toBe(true);
    const places = Array.from({ length: 240 }, (_, i) => `${coordinates[2 * i]} ${coordinates[2 * i + 1]}`);
    expect(new Set(places).size).toBe(240);
  });

  it("looks at fewer neighbours where points are few", async () => {
    const few = async (count: number) =>
      (await projectEmbeddings(points.slice(0, 8 * count), 8, { random: new Random(1), epochs: 5 }))
        .neighbours;
    expect(await Promise.all([120, 24, 5, 4].map(few))).toEqual([15, 12, 2, 2]);
    await expect(few(3)).rejects.toThrow(
      "projectEmbeddings: needs at least 4 points for 2 neighbours, got 3",
    );
  });

  it("refuses too few points and values that are not finite", async () => {
    const random = new Random(1);
    await expect(projectEmbeddings(points.slice(0, 80), 8, { random, neighbours: 10 })).rejects.toThrow(
      "projectEmbeddings: needs at least 20 points for 10 neighbours, got 10",
    );
    const broken = points.slice();
    broken[17] = Number.NaN;
    await expect(projectEmbeddings(broken, 8, { random, neighbours: 10 })).rejects.toThrow("row 2");
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
