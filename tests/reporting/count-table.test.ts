import { describe, expect, it } from "vitest";
import { spacedWords } from "../../lib/files/spaced-words.js";
import { countTable } from "../../lib/reporting/count-table.js";

describe("countTable", () => {
  it("writes names as words and numbers with separators", () => {
    const { rows } = countTable({ trainingRows: 30228, "phrases queries": 2 });
    expect(rows.map((row) => row.cells.map((cell) => cell.text))).toEqual([
      ["training rows", "30,228"],
      ["phrases queries", "2"],
    ]);
    expect(spacedWords("pairsOfAllKinds")).toBe("pairs of all kinds");
  });
});
