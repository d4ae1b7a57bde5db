import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resultsTable } from "../../../lib/reporting/results-table.js";
import { shapeAgreement, shapeSentence, sideBySide } from "../../../lib/studies/thesis/published-table.js";
import { THESIS_METRICS, thesisTables } from "../../../lib/studies/thesis/thesis-tables.js";

/** Results whose rows have the given Recall@10, over 100 queries that are right or wrong. */
function ours(values: Record<string, number>) {
  const systems = Object.entries(values).map(([system, recall]) => ({
    system,
    runs: [{ seed: 1, dir: `runs/${system}` }],
    values: { "Recall@10": [Array.from({ length: 100 }, (_, i) => (i < 100 * recall ? 1 : 0))] },
  }));
  return resultsTable(systems, { baseline: null });
}

describe("thesisTables", () => {
  it("hold six measures a row, recall rising with the cut-off", () => {
    for (const { rows } of Object.values(thesisTables))
      for (const { values } of rows) {
        expect(values).toHaveLength(THESIS_METRICS.length);
        expect(values[0]).toBeLessThanOrEqual(values[1]!);
        expect(values[1]).toBeLessThanOrEqual(values[2]!);
        expect(values[3]).toBeLessThanOrEqual(values[4]!);
        expect(values[4]).toBeLessThanOrEqual(values[5]!);
      }
  });
  it("give the 12 points by which softmax wins, as the text says", () => {
    const [triplet, softmax] = thesisTables.loss.rows;
    expect(softmax.values[0] - triplet.values[0]).toBeCloseTo(0.1218, 10);
  });
  it("name the rows of the sweeps", () => {
    const depth = readFileSync("configs/sweeps/depth.yaml", "utf8");
    for (const { name } of thesisTables.depth.rows) expect(depth).toContain(`name: ${name},`);
    const modality = readFileSync("configs/sweeps/category-feature.yaml", "utf8");
    for (const { name } of thesisTables.modality.rows) expect(modality).toContain(`name: ${name},`);
  });
});

describe("sideBySide", () => {
  const table = sideBySide(
    thesisTables.modality,
    [{ dataset: "emoji", results: ours({ "text only": 0.9, other: 0.5 }) }],
    ["Recall@10", "MRR@10"],
  );
  it("puts published and measured values of a measure next to each other", () => {
    expect(table.columns.map(({ label, detail }) => [label, detail])).toEqual([
      ["", undefined],
      ["Recall@10", "thesis"],
      ["Recall@10", "emoji"],
      ["MRR@10", "thesis"],
      ["MRR@10", "emoji"],
    ]);
    expect(table.rows.map((row) => row.cells.map((cell) => cell.text))).toEqual([
      ["text only", "0.404", "0.900", "0.210", "—"],
      ["text + category", "0.423", "—", "0.223", "—"],
      ["other", "—", "0.500", "—", "—"],
    ]);
  });
  it("gives intervals to ours only, and marks the best of each column", () => {
    expect(table.rows[0]!.cells[1]!.detail).toBeUndefined();
    expect(table.rows[0]!.cells[2]!.detail).toMatch(/^\[0\.\d{3}, 0\.\d{3}\]$/);
    expect(table.rows.map((row) => row.cells.map((cell) => cell.bold === true))).toEqual([
      [false, false, true, false, false],
      [false, true, false, true, false],
      [false, false, false, false, false],
    ]);
  });
});

describe("shapeAgreement", () => {
  // thesis: m 0.3 > m 0.5 > m 0.1 > m 0.05 > m 1
  it("counts pairs in the published order", () => {
    const same = shapeAgreement(
      thesisTables.margin,
      ours({ "m 1": 0.1, "m 0.5": 0.4, "m 0.3": 0.5 }),
      "Recall@10",
    );
    expect(same).toEqual({ bestPublished: "m 0.3", bestOurs: "m 0.3", pairs: 3, agreeing: 3, reversed: [] });
    expect(shapeSentence(same, "emoji")).toBe(
      "emoji: the best row is m 0.3, as in the thesis; 3 of 3 pairs of rows are in the thesis' order, none is clearly reversed.",
    );
  });
  it("names pairs that are reversed beyond their intervals only", () => {
    const shape = shapeAgreement(
      thesisTables.margin,
      ours({ "m 1": 0.9, "m 0.5": 0.42, "m 0.3": 0.4 }),
      "Recall@10",
    );
    expect(shape.reversed).toEqual([
      ["m 0.5", "m 1"],
      ["m 0.3", "m 1"],
    ]);
    expect(shapeSentence(shape, "emoji")).toBe(
      "emoji: the best row is m 1 (thesis: m 0.3); 0 of 3 pairs of rows are in the thesis' order, clearly reversed: m 1 above m 0.5; m 1 above m 0.3.",
    );
  });
  it("says a single pair in words", () => {
    const sentence = (text: number, both: number) =>
      shapeSentence(
        shapeAgreement(
          thesisTables.modality,
          ours({ "text only": text, "text + category": both }),
          "Recall@10",
        ),
        "x",
      );
    expect(sentence(0.4, 0.5)).toBe("x: text + category is ahead, as in the thesis.");
    expect(sentence(0.42, 0.4)).toBe("x: text only is ahead, the intervals overlap.");
    expect(sentence(0.9, 0.4)).toBe("x: text only is ahead, against the thesis.");
  });
  it("needs two rows in common", () => {
    expect(() => shapeAgreement(thesisTables.margin, ours({ "m 1": 0.5 }), "Recall@10")).toThrow(
      "shapeAgreement: both tables must share at least 2 rows with Recall@10, got 1",
    );
  });
});
