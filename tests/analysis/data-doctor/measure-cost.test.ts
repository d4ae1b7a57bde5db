import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { examineData } from "../../../lib/analysis/data-doctor/examine-data.js";
import { judgingList } from "../../../lib/analysis/data-doctor/judging-list.js";
import { measureCosts } from "../../../lib/analysis/data-doctor/measure-cost.js";
import { readJudgingQueue, writeJudgingQueue } from "../../../lib/datasets/judging-queue.js";
import { openDataset } from "../../../lib/datasets/open-dataset.js";
import { openRun } from "../../../lib/tracking/run-folder.js";
import { type TinyDataset, tinyDataset } from "../../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

it("trains without each finding and says what that changes, query by query", async () => {
  const config = tiny.config({ num_epochs: 1, output_dir: path.join(tiny.root, "runs") });
  const { report, source } = await examineData(tiny.dir, { listener: {}, only: ["duplicates:rows"] });
  // eight copies of each row
  const [finding] = report.findings;
  expect(finding!.count).toBe((finding!.of * 7) / 8);
  const [measured] = await measureCosts(source, report.findings, config, { seeds: [1], listener: {} });
  const cost = measured!.measured!;
  const mean = (run: string) => {
    const values = openRun(path.join(tiny.root, "runs/doctor", run))
      .queries()
      .filter(({ set, typo }) => set === cost.set && typo === 0)
      .map(({ values: of }) => of[cost.measure]!);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const names = fs.readdirSync(path.join(tiny.root, "runs/doctor")).sort();
  expect(names.map((name) => name.replace(/^.*?-(as|without)/, "$1"))).toEqual([
    "as-it-is-1",
    "without-duplicates-rows-1",
  ]);
  expect(cost.before).toBeCloseTo(mean(names[0]!), 12);
  expect(cost.after).toBeCloseTo(mean(names[1]!), 12);
  expect(cost.difference).toBeCloseTo(cost.after - cost.before, 12);
  expect(cost.low).toBeLessThanOrEqual(cost.difference);
  expect(cost.high).toBeGreaterThanOrEqual(cost.difference);
  // the copies are gone, the data set is as it was
  expect(fs.readdirSync(tiny.root).filter((name) => name.startsWith(".doctor-"))).toEqual([]);
  expect(openDataset(tiny.dir).evaluationSets).toHaveLength(1);
});

it("refuses a configuration of other data, and a source that is no folder", async () => {
  const { report, source } = await examineData(tiny.dir, { listener: {}, only: ["duplicates:rows"] });
  const options = { seeds: [1], listener: {} };
  const other = tiny.config({ dataset_dir: "data/other" });
  await expect(measureCosts(source, report.findings, other, options)).rejects.toThrow(
    /dataset_dir must be .*got data\/other/,
  );
  await expect(measureCosts({ ...source, dataset: null }, report.findings, other, options)).rejects.toThrow(
    /must be given for a data set folder/,
  );
});

it("lists suspects of an evaluation set by ids, as judge reads them, where training rows have none", async () => {
  const { report, source } = await examineData(tiny.dir, { listener: {}, only: ["suspects"] });
  const { set, lines } = judgingList(report, source, null);
  expect(set).toBe("queries");
  const file = path.join(tiny.root, "queue.jsonl");
  writeJudgingQueue(file, lines);
  const read = readJudgingQueue(file);
  expect(read).toHaveLength(lines.length);
  for (const { query, document } of read) expect([query, document].join(" ")).toMatch(/^q\d+ d\d+$/);
  expect(() => judgingList(report, source, "none")).toThrow(
    /--set: must be of queries, validation, got "none"/,
  );
});
