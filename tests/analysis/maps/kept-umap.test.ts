import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { keptUmap } from "../../../lib/analysis/maps/kept-umap.js";
import { Random } from "../../../lib/engine/random/random.js";
import type { RunFolder } from "../../../lib/tracking/run-folder.js";

describe("keptUmap", () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-kept-umap-"));
  afterAll(() => fs.rmSync(dir, { recursive: true }));
  const run = { dir, manifest: () => ({ seed: 3 }) } as unknown as RunFolder;
  const random = new Random(1);
  const points = Float32Array.from({ length: 60 * 4 }, () => random.normal());
  const made = async (of: Float32Array, epochs: number) => {
    let reports = 0;
    const listener = { progress: () => void reports++ };
    return { ...(await keptUmap(run, of, 4, { epochs, listener })), reports };
  };

  it("lays the same points out once, and others or by other epochs anew", async () => {
    const first = await made(points, 5);
    expect(first.reports).toBeGreaterThan(0);
    const again = await made(points.slice(), 5);
    expect(again).toEqual({ ...first, reports: 0 });
    expect((await made(points, 6)).coordinates).not.toEqual(first.coordinates);
    const others = points.map((value) => -value * value);
    expect((await made(others, 5)).reports).toBeGreaterThan(0);
    expect(fs.readdirSync(path.join(dir, "map"))).toHaveLength(3);
  });
});
