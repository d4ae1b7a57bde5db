import { describe, expect, it } from "vitest";
import { factorialDesign } from "../../lib/experiment/fractional-design.js";

/** Column of an effect over the rows, ±1. */
const column = (rows: readonly (readonly boolean[])[], effect: readonly number[]) =>
  rows.map((row) => effect.reduce((sign, part) => sign * (row[part] ? 1 : -1), 1));
const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

function effects(parts: number): number[][] {
  const singles = Array.from({ length: parts }, (_, i) => [i]);
  return [...singles, ...singles.flatMap(([i]) => singles.slice(i! + 1).map(([j]) => [i!, j!]))];
}

describe("factorialDesign", () => {
  it("is the full design where it fits, with nothing aliased", () => {
    const { rows, resolution, aliases } = factorialDesign(3, 16);
    expect(new Set(rows.map((row) => row.join())).size).toBe(8);
    expect(resolution).toBe(Infinity);
    expect(aliases).toEqual([]);
  });

  it("has the sizes that tables of fractional designs give for its resolution", () => {
    // Montgomery, Design and Analysis of Experiments, table 8.14: 2^(4-1) IV, 2^(5-1) V, 2^(6-1) VI, 2^(6-2) IV, 2^(7-3) IV, 2^(8-4) IV, 2^(8-2) V, 2^(11-6) IV
    const sizes: [number, number, number, number][] = [
      [4, 8, 8, 4],
      [5, 16, 16, 5],
      [6, 32, 32, 6],
      [6, 16, 16, 4],
      [7, 16, 16, 4],
      [8, 16, 16, 4],
      [8, 64, 64, 5],
      [11, 32, 32, 4],
    ];
    for (const [parts, most, rows, resolution] of sizes) {
      const design = factorialDesign(parts, most);
      expect([parts, design.rows.length, design.resolution]).toEqual([parts, rows, resolution]);
    }
  });

  it("begins with every part, keeps single parts orthogonal to each other and to pairs, and states every alias", () => {
    for (const [parts, most] of [
      [5, 8],
      [6, 16],
      [7, 16],
      [6, 32],
      [9, 32],
    ] as const) {
      if (parts === 5) {
        expect(() => factorialDesign(parts, most)).toThrow(
          "factorial design: rows for 5 parts must be at least 16, the smallest fraction of resolution IV, got 8",
        );
        continue;
      }
      const { rows, aliases } = factorialDesign(parts, most);
      expect(rows[0]).toEqual(Array.from({ length: parts }, () => true));
      const all = effects(parts);
      const stated = (a: number[], b: number[]) =>
        aliases.some((group) => [a, b].every((one) => group.some((other) => other.join() === one.join())));
      all.forEach((a, i) => {
        for (const b of all.slice(i + 1)) {
          const inner = product(column(rows, a), column(rows, b));
          expect(inner === 0 || inner === rows.length).toBe(true);
          expect(stated(a, b), `${a} and ${b}`).toBe(inner !== 0);
          if (a.length === 1) expect(inner).toBe(0);
        }
      });
    }
  });
});
