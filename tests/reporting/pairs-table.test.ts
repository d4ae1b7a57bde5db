import { describe, expect, it } from "vitest";
import { pairsTable } from "../../lib/reporting/pairs-table.js";

const system = (name: string, values: number[]) => ({
  system: name,
  runs: [{ seed: 1, dir: name }],
  values: { MRR: [values] },
});

describe("the table of pairs", () => {
  it("counts queries won, tied and lost by hand, mirrored, with marks only where a test finds something", () => {
    const twenty = (value: number) => Array.from({ length: 20 }, () => value);
    const low = [0.9, ...twenty(0.1).slice(1)];
    const { rows } = pairsTable(
      [system("low", low), system("high", twenty(0.5)), system("same", twenty(0.5))],
      { metric: "MRR", title: "Pairs" },
    );
    const cell = (row: number, column: number) => rows[row]!.cells[column + 1]!;
    expect(cell(0, 0).text).toBe("—");
    expect(cell(0, 1)).toMatchObject({ text: "1 · 0 · 19", delta: "−0.360", mark: "worse" });
    expect(cell(1, 0)).toMatchObject({ text: "19 · 0 · 1", delta: "+0.360", mark: "better" });
    expect(cell(1, 2)).toMatchObject({ text: "0 · 20 · 0", mark: "same" });
  });
});
