import { describe, expect, it } from "vitest";
import { countTable, wordsOf } from "../../lib/reporting/count-table.js";

describe("countTable", () => {
  it("writes names as words and numbers with separators", () => {
    const { rows } = countTable({ trainingRows: 30228, "phrases queries": 2 });
    expect(rows.map((row) => row.cells.map((cell) => cell.text))).toEqual([
      ["training rows", "30,228"],
      ["phrases queries", "2"],
    ]);
    expect(wordsOf("pairsOfAllKinds")).toBe("pairs of all kinds");
  });
});
