import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { benjaminiHochberg } from "../../lib/metrics/benjamini-hochberg.js";
import { detectableDifferenceOf } from "../../lib/metrics/detectable-difference.js";
import { cohensDz } from "../../lib/metrics/effect-size.js";
import { holm } from "../../lib/metrics/holm.js";
import { compareOverSeeds } from "../../lib/metrics/seeds-and-queries.js";
import { pairedTTest } from "../../lib/metrics/t-test.js";
import { formatP } from "../../lib/reporting/results-table-view.js";
import { testsTable } from "../../lib/reporting/tests-table.js";

const random = new Random(3);
const draw = (shift: number) => Array.from({ length: 40 }, () => random.normal() + shift);
const a = [draw(0)];
const b = [draw(0.6)];
const c = [draw(0.4), draw(0.5), draw(0.6)];
const system = (name: string, values: number[][]) => ({
  system: name,
  runs: values.map((_, seed) => ({ seed, dir: name })),
  values: { M: values },
});
const systems = [system("b", b), system("a", a), system("c", c)];

describe("testsTable", () => {
  const table = testsTable(systems, { baseline: "a", metric: "M" });
  const cells = (row: number) => table.rows[row]!.cells.map((cell) => cell.text);
  const shown = (p: number) => formatP(p).replace(/^=\u00a0/, "");

  it("puts each system beside the baseline with the tests' own values", () => {
    expect(table.rows.map((row) => row.cells[0]!.text)).toEqual(["b", "c"]);
    const paired = pairedTTest(b[0]!, a[0]!);
    const seeds = compareOverSeeds(c, a);
    expect(cells(0)[2]).toBe(shown(paired.p));
    expect(cells(1)[2]).toBe(shown(seeds.p));
    const ps = [paired.p, seeds.p];
    expect([cells(0)[4], cells(1)[4]]).toEqual(holm(ps).map(shown));
    expect([cells(0)[5], cells(1)[5]]).toEqual(benjaminiHochberg(ps).map(shown));
    expect(cells(0)[6]).toBe(cohensDz(b[0]!, a[0]!).toFixed(2).replace("-", "−"));
    const differences = b[0]!.map((value, q) => value - a[0]![q]!);
    expect(cells(0)[7]).toBe(detectableDifferenceOf(differences).toFixed(3));
  });

  it("refuses an unknown baseline and a missing measure", () => {
    expect(() => testsTable(systems, { baseline: "x", metric: "M" })).toThrow(
      'baseline must be one of b, a, c, got "x"',
    );
    expect(() => testsTable(systems, { baseline: "a", metric: "N" })).toThrow(
      '"a" must have values of N, got none',
    );
  });
});
