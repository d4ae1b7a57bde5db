import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { bootstrapInterval } from "../../lib/metrics/bootstrap.js";
import { detectableDifferenceOf } from "../../lib/metrics/detectable-difference.js";
import { cohensDz } from "../../lib/metrics/effect-size.js";
import { holm } from "../../lib/metrics/holm.js";
import { pairedRandomizationTest } from "../../lib/metrics/randomization-test.js";
import { compareOverSeeds, perQueryMeans, seedQueryInterval } from "../../lib/metrics/seeds-and-queries.js";
import { headline } from "../../lib/reporting/headline.js";
import { resultsTable, type SystemResults } from "../../lib/reporting/results-table.js";
import {
  formatDelta,
  formatP,
  resultsCsv,
  resultsHtml,
  resultsLatex,
  resultsMarkdown,
  resultsTerminal,
} from "../../lib/reporting/results-table-view.js";

const random = new Random(3);
const draw = (chance: number) => Float64Array.from({ length: 200 }, () => (random.next() < chance ? 1 : 0));
const weak = draw(0.2);
const strong = [draw(0.6), draw(0.6)];
const run = (name: string, seed = 1) => ({ seed, dir: `reports/runs/${name}-${seed}` });
const systems: SystemResults[] = [
  {
    system: "BM25",
    runs: [run("bm25")],
    values: { "Recall@10": [weak], "MRR@10": [weak.map((v) => v / 2)] },
  },
  { system: "Tower", runs: [run("tower", 1), run("tower", 2)], values: { "Recall@10": strong } },
  {
    system: "Copy",
    description: "of BM25",
    runs: [run("copy")],
    values: { "Recall@10": [weak], "MRR@10": [weak.map((v) => v / 2)] },
  },
];
const table = resultsTable(systems, { title: "Emoji", baseline: "BM25" });

describe("resultsTable", () => {
  it("bootstraps over queries for one seed, and counts seeds and queries as random for several", () => {
    const single = table.rows[0]!.cells[0]!;
    const bootstrap = bootstrapInterval(weak, { level: 0.95, resamples: 2000, seed: 42 });
    expect([single.mean, single.low, single.high]).toEqual([bootstrap.mean, bootstrap.low, bootstrap.high]);
    const several = table.rows[1]!.cells[0]!;
    const interval = seedQueryInterval(strong);
    expect([several.mean, several.low, several.high]).toEqual([interval.mean, interval.low, interval.high]);
    expect([several.queries, several.seeds]).toEqual([200, 2]);
  });

  it("gives the standard deviation of the seeds' means", () => {
    const [a, b] = strong.map((values) => values.reduce((sum, value) => sum + value, 0) / 200);
    // two values: their difference over √2
    expect(table.rows[1]!.cells[0]!.seedDeviation).toBeCloseTo(Math.abs(a! - b!) / Math.SQRT2, 12);
    expect(table.rows[0]!.cells[0]!.seedDeviation).toBeNull();
  });

  it("corrects p values over all comparisons of the table together", () => {
    const cell = table.rows[1]!.cells[0]!;
    const { p } = compareOverSeeds(strong, [weak]);
    expect(table.comparisons).toBe(3); // Tower has no MRR@10
    expect(cell.comparison!.p).toBe(p);
    expect(cell.comparison!.adjustedP).toBe(holm([p, 1, 1])[0]);
    expect(cell.comparison!.mark).toBe("better");
  });

  it("tests systems of one seed by randomisation", () => {
    const one = resultsTable(
      [systems[0]!, { ...systems[1]!, runs: [run("t")], values: { "Recall@10": [strong[0]!] } }],
      { baseline: "BM25" },
    );
    expect(one.rows[1]!.cells[0]!.comparison!.p).toBe(
      pairedRandomizationTest(strong[0]!, weak, { seed: 42 }).p,
    );
  });

  it("says how large a difference is, and how large one must be to be found", () => {
    const means = perQueryMeans(strong);
    const { effectSize, detectable } = table.rows[1]!.cells[0]!.comparison!;
    expect(effectSize).toBe(cohensDz(means, weak));
    expect(detectable).toBe(detectableDifferenceOf(means.map((value, query) => value - weak[query]!)));
    expect(resultsHtml(table)).toContain(
      `effect size ${effectSize!.toFixed(2)} · smallest difference found with 80 % power`,
    );
  });

  it("leaves a missing measure empty and the baseline uncompared", () => {
    expect(table.rows[1]!.cells[1]).toBeNull();
    expect(table.rows[0]!.cells[0]!.comparison).toBeNull();
  });

  it("marks exact ties best together, and equal systems as the same", () => {
    expect(table.rows.map((row) => row.cells[1]?.best ?? null)).toEqual([true, null, true]);
    expect(table.rows[2]!.cells[0]!.comparison).toEqual({
      difference: 0,
      p: 1,
      adjustedP: 1,
      mark: "same",
      effectSize: 0,
      detectable: 0,
    });
  });

  it("marks a system that the test cannot tell from the best", () => {
    const near = [...strong[0]!];
    near[near.indexOf(1)] = 0;
    const close = resultsTable(
      [
        { system: "a", runs: [run("a")], values: { m: [strong[0]!] } },
        { system: "b", runs: [run("b")], values: { m: [near] } },
        { system: "c", runs: [run("c")], values: { m: [weak] } },
      ],
      { baseline: null },
    );
    expect(close.rows.map((row) => row.cells[0]!.tiedWithBest)).toEqual([false, true, false]);
    expect(close.comparisons).toBe(0);
  });

  it("says worse where the difference is negative", () => {
    const reversed = resultsTable(systems, { baseline: "Tower", metrics: ["Recall@10"] });
    expect(reversed.rows.map((row) => row.cells[0]!.comparison?.mark ?? null)).toEqual([
      "worse",
      null,
      "worse",
    ]);
  });

  it("shows one system alone, with no best", () => {
    const alone = resultsTable(systems.slice(0, 1), { baseline: "BM25" });
    expect(alone.rows[0]!.cells[0]!.best).toBe(false);
    expect(alone.comparisons).toBe(0);
    expect(resultsMarkdown(alone)).not.toContain("Bold");
  });

  it("is the same on every call", () => {
    expect(resultsTable(systems, { title: "Emoji", baseline: "BM25" })).toEqual(table);
  });

  it.each<[string, SystemResults[], string | null, string]>([
    ["no systems", [], null, "resultsTable: systems must not be empty, got 0"],
    [
      "a repeated name",
      [systems[0]!, systems[0]!],
      null,
      'resultsTable: system names must differ, got "BM25" twice',
    ],
    ["an unknown baseline", [systems[0]!], "bm25", 'resultsTable: baseline must be one of BM25, got "bm25"'],
    [
      "NaN",
      [{ system: "a", runs: [run("a")], values: { m: [[0, Number.NaN]] } }],
      null,
      'resultsTable: values of "a" m must be finite, got NaN for query 1 of run 0',
    ],
    [
      "other queries",
      [systems[0]!, { system: "a", runs: [run("a")], values: { "Recall@10": [[1, 0]] } }],
      null,
      'resultsTable: Recall@10 must be over the same queries for every system, got 200 for "BM25" and 2 for "a"',
    ],
    [
      "seeds of unequal length",
      [{ system: "a", runs: [run("a", 1), run("a", 2)], values: { m: [[1, 0], [1]] } }],
      null,
      'resultsTable: values of "a" m must have the same queries for every seed, got 2 and 1',
    ],
    [
      "more runs than arrays",
      [{ system: "a", runs: [run("a", 1), run("a", 2)], values: { m: [[1, 0]] } }],
      null,
      'resultsTable: values of "a" m must have one array per run (2), got 1',
    ],
  ])("refuses %s", (_, input, baseline, message) => {
    expect(() => resultsTable(input, { baseline })).toThrow(message);
  });
});

describe("the results table's renderers", () => {
  it("show mean, interval, difference and mark in each medium", () => {
    const { mean, low, high, comparison } = table.rows[1]!.cells[0]!;
    const value = mean.toFixed(3);
    const interval = `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
    const delta = `+${comparison!.difference.toFixed(3)}`;
    expect(resultsMarkdown(table)).toContain(`**${value}** \\${interval.replace("]", "\\]")} ${delta} ▲`);
    expect(resultsLatex(table)).toContain(
      `\\textbf{${value}} {\\footnotesize ${interval}} {\\footnotesize ${delta}$\\uparrow$}`,
    );
    expect(resultsTerminal(table)).toMatch(new RegExp(`Tower +${value} `));
    expect(resultsHtml(table)).toContain(`▲ ${delta}`);
  });

  it("write full precision to CSV, one line per system and metric measured", () => {
    const lines = resultsCsv(table).trimEnd().split("\r\n");
    expect(lines).toHaveLength(1 + 5);
    const cell = table.rows[1]!.cells[0]!;
    expect(lines[3]).toBe(
      `Tower,Recall@10,${cell.mean},${cell.low},${cell.high},0.95,200,2,${cell.seedDeviation},BM25,` +
        `${cell.comparison!.difference},${cell.comparison!.p},${cell.comparison!.adjustedP},${cell.comparison!.effectSize},${cell.comparison!.detectable},better,true,false,` +
        "reports/runs/tower-1 reports/runs/tower-2",
    );
  });

  it("say how intervals and marks were made", () => {
    const text = resultsTerminal(table);
    expect(text).toContain(
      "Mean over queries and seeds with its 95 % interval, one seed: bootstrapped over queries (2,000 resamples)",
    );
    expect(text).toContain("several: for new seeds and new queries (analysis of variance).");
    expect(text).toContain("Holm-corrected for the 3 comparisons of this table");
    const single = resultsTerminal(resultsTable([systems[0]!, systems[2]!], { baseline: "BM25" }));
    expect(single).toContain("Mean over queries with its 95 % interval, bootstrapped over queries");
    expect(single).toContain("in a paired randomisation test");
  });

  it("format p values and differences", () => {
    expect([0.0001, 0.0123, 1].map(formatP)).toEqual(["<\u00a0.001", "=\u00a0.012", "=\u00a01.000"]);
    expect([0.1234, -0.1, 0.0001, -0.0001].map((d) => formatDelta(d, 3))).toEqual([
      "+0.123",
      "−0.100",
      "±0.000",
      "±0.000",
    ]);
  });
});

describe("headline", () => {
  it("answers in one sentence, also when nothing was found", () => {
    expect(headline(table, "Tower", "Recall@10")).toMatch(
      /^Tower: Recall@10 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\], 0\.\d{3} above BM25 \(corrected p <\u00a0\.001, 200 queries, 2 seeds\)\.$/,
    );
    expect(headline(table, "Copy", "Recall@10")).toContain(
      "not significantly different from BM25 (corrected p =\u00a01.000",
    );
    expect(headline(table, "BM25", "Recall@10")).toMatch(/\] \(200 queries, 1 seed\)\.$/);
  });
  it("refuses what was not measured", () => {
    expect(() => headline(table, "Tower", "MRR@10")).toThrow(
      'headline: the table must hold MRR@10 of "Tower", got none',
    );
  });
});
