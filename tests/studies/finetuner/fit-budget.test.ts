import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { finetunerTable } from "../../../lib/studies/finetuner/finetuner-table.js";
import { budgetTable, fitBudget, returnOnInvestment } from "../../../lib/studies/finetuner/fit-budget.js";
import { vector } from "../../support/vectors.js";

it("the return is the relative improvement by label and by second (vector roi)", () => {
  const { inputs, expected } = vector("4-finetuner/roi");
  const { relativeImprovement, perItem, perSecond } = returnOnInvestment({
    ...{ pretrained: inputs.pretrained, finetuned: inputs.finetuned },
    ...{ labelledItems: inputs.labelled_items, seconds: inputs.seconds },
  });
  expect(relativeImprovement).toBeCloseTo(expected.relative_improvement, 14);
  expect(perItem).toBeCloseTo(expected.roi_per_item, 14);
  expect(perSecond).toBeCloseTo(expected.roi_per_second, 14);
  expect(() => returnOnInvestment({ pretrained: 0, finetuned: 1, labelledItems: 1, seconds: 1 })).toThrow(
    "must be > 0",
  );
});

it("a budget study fits the first rows of a file, each from the start, on the same held-out rows", async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-budget-"));
  const file = (name: string, from: number) => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `ask${(i + from) % 12} of${i},answer${(i + from) % 12}`,
    );
    fs.writeFileSync(path.join(dir, name), rows.join("\n"));
    return path.join(dir, name);
  };
  const options = { model: "LinearEncoder", trainData: file("train.csv", 0), evalData: file("held.csv", 5) };
  const points = await fitBudget(
    { ...options, loss: "batch_softmax", batchSize: 10, learningRate: 0.02, progress: null },
    [
      { labels: 20, epochs: 1 },
      { labels: 60, epochs: 4 },
    ],
  );
  expect(points.map(({ labels, epochs }) => [labels, epochs])).toEqual([
    [20, 1],
    [60, 4],
  ]);
  expect(points[1]!.after.mean).toBeGreaterThan(points[1]!.before);
  expect(points[1]!.perItem * 60).toBeCloseTo(
    (points[1]!.after.mean - points[1]!.before) / points[1]!.before,
    10,
  );
  expect(budgetTable(points).rows).toHaveLength(2);
  await expect(fitBudget({ ...options, loss: "batch_softmax" }, [{ labels: 99, epochs: 1 }])).rejects.toThrow(
    "must have 99 rows, got 60",
  );
});

it("the published rows stand under ours with their relative changes", () => {
  const cells = finetunerTable([]).rows.map(({ cells: row }) => row.map(({ text }) => text));
  // 15.8 % and 78.2 % as printed; recomputed from rounded scores, so to 0.2
  expect(cells[0]!.slice(4, 7)).toEqual(["0.835", "0.967", "+15.8 %"]);
  expect(cells[2]!.slice(4, 7)).toEqual(["0.110", "0.196", "+78.2 %"]);
});
