import { describe, expect, it } from "vitest";
import { kddTable } from "../../../lib/studies/kdd/kdd-table.js";
import type { KddReport } from "../../../lib/studies/kdd/run-kdd.js";

const scores = (...values: number[]) => ({
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  perQuery: Object.fromEntries(values.map((value, i) => [`q${i}`, value])),
});

const report = (seed: number, ensemble: number[], test: boolean): KddReport => ({
  seed,
  ensembleWeight: seed / 10,
  systems: [
    { name: "Label loss (pre-training)", validation: scores(0.2, 0.4), test: test ? scores(0, 1, 0) : null },
    {
      name: "Ensemble",
      validation: scores(0.6, 0.8 + seed / 5),
      test: test ? scores(...ensemble) : null,
    },
  ],
});

describe("the table of the KDD Cup system", () => {
  it("averages seeds on the test set, compares with the label loss and tells what was chosen on validation", () => {
    const table = kddTable([report(1, [1, 1, 1], true), report(2, [1, 0.4, 1], true)], "testB");
    expect(table.metrics).toEqual(["nDCG@5, testB"]);
    const [label, ensemble] = table.rows;
    expect(label!.isBaseline).toBe(true);
    expect(ensemble!.description).toBe("0.10, 0.20 of model 1; validation 0.850");
    expect(ensemble!.cells[0]).toMatchObject({ queries: 3, seeds: 2 });
    expect(ensemble!.cells[0]!.mean).toBeCloseTo(0.9, 12);
    expect(ensemble!.cells[0]!.comparison!.difference).toBeCloseTo(0.9 - 1 / 3, 12);
  });

  it("shows validation where the test set has no answers, as in the task", () => {
    const table = kddTable([report(1, [], false)], "testB");
    expect(table.metrics).toEqual(["nDCG@5, validation"]);
    expect(table.rows[1]!.cells[0]!.mean).toBeCloseTo(0.8, 12);
  });
});
