import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { sliceMeans } from "../../lib/analysis/slice-means.js";
import { meanInterval } from "../../lib/metrics/mean-interval.js";
import { type Manifest, type QueryResult, RunFolder } from "../../lib/tracking/run-folder.js";

function run(seed: number, values: readonly number[]): RunFolder {
  const folder = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-run-")));
  folder.writeManifest({ kind: "dense", system: "a", seed } as Manifest);
  folder.writeQueries(
    values.map((value, i): QueryResult => {
      const slice = i % 2 === 0 ? "seen" : "unseen";
      return {
        set: "s",
        typo: 0,
        id: `q${i}`,
        query: "q",
        slice,
        relevant: [],
        top: [],
        values: { R: value },
      };
    }),
  );
  return folder;
}

describe("sliceMeans", () => {
  it("averages seeds per query, then queries per slice", () => {
    const { labels, series } = sliceMeans([run(1, [1, 0, 0, 1]), run(2, [1, 0, 1, 1])], {
      set: "s",
      measure: "R",
    });
    expect(labels).toEqual(["seen (2 queries)", "unseen (2 queries)"]);
    expect(series).toHaveLength(1);
    // seen: (1, 0.5); unseen: (0, 1)
    expect(series[0]!.values.map((value) => value.mean)).toEqual([0.75, 0.5]);
    const slices = [
      [
        [1, 0],
        [1, 1],
      ],
      [
        [0, 1],
        [0, 1],
      ],
    ];
    expect(series[0]!.values).toEqual(slices.map((values) => meanInterval(values)));
  });
});
