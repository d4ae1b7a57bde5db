import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sweepSummary } from "../../lib/experiment/sweep-summary.js";

describe("sweepSummary", () => {
  it("says in ten lines what a sweep fixes, with defaults and overrides, and what it varies", () => {
    const file = "configs/sweeps/margin.yaml";
    const written = parse(readFileSync(file, "utf8"));
    const summary = sweepSummary(file, ["batch_size=32"]);
    expect(summary.split("\n")).toHaveLength(10);
    expect(summary).toContain(`base       ${written.base}`);
    expect(summary).toContain(`varied     loss.margin in ${written.grid["loss.margin"].join(", ")}`);
    expect(summary).toContain("batches    32 pairs, 5 epochs");
    expect(summary).toContain("optimiser  adam, learning rate 0.01, constant");
  });

  it("names the rows of a sweep that has no grid", () => {
    const file = "configs/sweeps/depth.yaml";
    const names: string[] = parse(readFileSync(file, "utf8")).rows.map((row: { name: string }) => row.name);
    expect(sweepSummary(file)).toContain(`varied     ${names.join("; ")}`);
  });
});
