import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { labelledRows } from "../../../lib/experiment/labelled-rows.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { loadSweep, sweepFrom } from "../../../lib/experiment/load-sweep.js";
import { pairedTTest } from "../../../lib/metrics/t-test.js";
import { runsShown } from "../../../lib/reporting/page-blocks.js";
import { labelStudy } from "../../../lib/studies/labels/label-study.js";
import { labelPlan, rowName } from "../../../lib/studies/labels/label-sweep.js";
import {
  curveTable,
  forecastTable,
  labelPage,
  powerTable,
} from "../../../lib/studies/labels/label-tables.js";
import { fixedSweep, writeStudySweep } from "../../../lib/studies/study-folder.js";
import { measuredRun } from "../../support/measured-run.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));
const file = tiny.config();

describe("dataset.labelled_queries", () => {
  const columns = ["query_search_phrase", "document_name"];
  const rows = async (count: number, seed = 1) => {
    const config = loadConfig(file, [`dataset.labelled_queries=${count}`, `seed=${seed}`]);
    return (await labelledRows(config, columns)).columns["query_search_phrase"]!;
  };

  it("takes every pair of so many queries, a smaller number a part of a larger, others for another seed", async () => {
    const all = (await labelledRows(loadConfig(file), columns)).columns["query_search_phrase"]!;
    const [few, more, other] = [new Set(await rows(10)), new Set(await rows(30)), new Set(await rows(10, 2))];
    expect([few.size, more.size]).toEqual([10, 30]);
    expect([...few].every((query) => more.has(query))).toBe(true);
    expect([...other].sort()).not.toEqual([...few].sort());
    expect((await rows(10)).length).toBe(all.filter((query) => few.has(query)).length);
  });

  it("refuses more queries than there are, and a second draw beside it", async () => {
    await expect(rows(85)).rejects.toThrow(
      /^dataset\.labelled_queries: must be at most 84, the training queries of .*, got 85$/,
    );
    expect(() => loadConfig(file, ["dataset.labelled_queries=3", "dataset.labelled_pairs=3"])).toThrow(
      /labelled_queries must be null beside labelled_pairs \(3\)/,
    );
  });
});

describe("labelPlan", () => {
  it("halves all queries, trains each size as long as all data, and can be trained by its sweep's file", async () => {
    const plan = await labelPlan(file, { seeds: [4, 5], measure: "MRR@5" });
    expect(plan.sizes).toEqual([21, 42, 84]);
    const made = fixedSweep(plan.sweep, ["log_every=9"]);
    const written = loadSweep(writeStudySweep(tiny.root, made));
    expect(written.runs).toEqual(sweepFrom(made, file).runs);
    const [small, whole] = [written.runs.at(0)!, written.runs.at(-1)!].map(({ config }) => config);
    const { num_epochs: epochs, batch_size: batch } = loadConfig(file);
    const steps = (config: typeof small, pairs: number) =>
      config!.num_epochs * Math.ceil(pairs / config!.batch_size);
    expect(whole).toMatchObject({ num_epochs: epochs, batch_size: batch, log_every: 9 });
    expect(steps(small, 21 * 8) / steps(whole, 84 * 8)).toBeCloseTo(1, 0);
    expect(small!.dataset.labelled_queries).toBe(21);
    expect(small!.recall_validation.k).toEqual([5]);
  });

  it("refuses sizes that there are not, too few of them, and too few test queries", async () => {
    await expect(labelPlan(file, { sizes: [10, 20, 85] })).rejects.toThrow(
      /^--sizes: must be at most 84, the training queries of .*, got 85$/,
    );
    await expect(labelPlan(file, { sizes: [10, 20] })).rejects.toThrow(/at least three different numbers/);
    await expect(labelPlan(file, { sizes: [20, 40, 84], seeds: [1] })).rejects.toThrow(
      "--seeds: must be two or more for a forecast from three sizes (or --sizes four), got 1 for 20, 40, 84",
    );
    await expect(labelPlan(file, { set: "x" })).rejects.toThrow(/--eval-set: must be an evaluation set of/);
    const queries = path.join(tiny.dir, "recall_validation_queries_dataset", "queries.json");
    const lines = fs.readFileSync(queries, "utf8");
    fs.writeFileSync(queries, `${lines.split("\n").slice(0, 4).join("\n")}\n`);
    await expect(labelPlan(file)).rejects.toThrow(
      /test queries must be at least 10 for a difference to be shown, got 4 in/,
    );
    fs.writeFileSync(queries, lines);
  });
});

describe("labelStudy", () => {
  const QUERIES = 60;
  const sizes = [100, 200, 400, 800];
  const plan = {
    ...{ sizes, queries: 800, pairs: 1600, set: "test", measure: "Recall@10", typo: 0 },
    sweep: { task_id: "t", title: "curve", base: file, set: {}, seeds: [1, 2], labels: {}, rows: [] },
  };
  const truth = (n: number) => 0.8 - 0.4 * (n / 100) ** -0.5;
  const value = (n: number, seed: number, q: number) =>
    truth(n) + 0.1 * Math.sin(q) + 0.02 * Math.sin(q * n + seed) + 0.002 * Math.cos(seed * n);
  const values = (n: number, seed: number) => Array.from({ length: QUERIES }, (_, q) => value(n, seed, q));
  const runs = [1, 2].flatMap((seed) =>
    sizes.map((n) =>
      measuredRun(
        tiny.root,
        { system: rowName(n), seed, labels: 2 * n, measure: "Recall@10" },
        { 0: values(n, seed) },
      ),
    ),
  );
  const study = labelStudy(plan, runs, { labelsPerHour: 60, difference: 0.02 });

  it("counts labels and what each brought, per label and per hour", () => {
    expect(study.points.map(({ labels }) => labels)).toEqual([200, 400, 800, 1600]);
    const { gain } = study.points[1]!;
    expect(gain!.labels).toBe(200);
    expect(gain!.difference).toBeCloseTo(truth(200) - truth(100), 2);
    expect(gain!.perHundredLabels.mean).toBeCloseTo(gain!.difference / 2, 12);
    expect(gain!.perHour.mean).toBeCloseTo((60 * gain!.difference) / 200, 12);
  });

  it("expects what the curve goes on to, and checks itself against the largest size", () => {
    const [twice] = study.forecasts;
    expect(twice!.queries).toBe(1600);
    expect(twice!.hours).toBeCloseTo(1600 / 60, 10);
    expect(twice!.value.low).toBeLessThan(truth(1600));
    expect(twice!.value.high).toBeGreaterThan(truth(1600));
    expect(study.checks).toMatchObject([{ queries: 800, covered: true }]);
    // .6586 + .02 is reached at n with .4 (n / 100)^−.5 = .1214: 1,085 queries, 571 labels more
    expect(study.needed.labels.low).toBeLessThan(571);
    expect(study.needed.labels.high).toBeGreaterThan(571);
  });

  it("says what test queries show from the scatter of paired differences", () => {
    const { power } = study;
    const single = [1, 2].map((seed) => pairedTTest(values(800, seed), values(400, seed)));
    const variances = single.map(({ difference, t }) => (difference / t) ** 2 * QUERIES);
    expect(power.sd.single).toBeCloseTo(Math.sqrt((variances[0]! + variances[1]!) / 2), 10);
    const now = power.rows.find(({ testQueries }) => testQueries === QUERIES)!;
    // (2.001 + 0.848) sd / √60
    expect(now.single).toBeCloseTo((2.849 * power.sd.single) / Math.sqrt(QUERIES), 4);
    expect(power.needed.means).toBeLessThanOrEqual(power.needed.single);
  });

  it("is shown in tables and on a page that says whether the check held", () => {
    expect(curveTable(plan, study).rows).toHaveLength(4);
    expect(forecastTable(plan, study).notes!.join(" ")).toMatch(
      /Checked, each size from the smaller ones alone: 800 .* inside\./,
    );
    expect(powerTable(plan, study).rows).toHaveLength(5);
    const { sections } = labelPage(plan, study);
    expect(runsShown(sections.flatMap(({ blocks }) => blocks))).toHaveLength(8);
  });
});
