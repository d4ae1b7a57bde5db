import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rankByScore, scoreRun } from "../../lib/metrics/score-run.js";

interface Query {
  kind: string;
  qrels: Record<string, number>;
  run: Record<string, number>;
  expected: Record<string, Record<string, number>>;
}

// made by generate.py beside it with pytrec_eval-terrier 0.5.11, ir-measures 0.4.3 and ranx 0.3.21; the variable points
// to a larger file of the same make
const file = process.env["QDRL_MEASURES_FIXTURE"] ?? "tests/fixtures/metrics/other-implementations.json";
const { queries } = JSON.parse(readFileSync(file, "utf8")) as { queries: Query[] };

const scored = (run: Record<string, number>) => Object.entries(run).map(([id, score]) => ({ id, score }));

function ours(query: Query, measures: string[]): Record<string, number> {
  const qrels = new Map([["q", new Map(Object.entries(query.qrels))]]);
  const { values } = scoreRun(qrels, new Map([["q", scored(query.run)]]), measures);
  return Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value!]));
}

/** Query, measure and both values wherever we differ by more than the fixture's ten digits. */
function differences(who: string): { query: Query; line: string }[] {
  const found: { query: Query; line: string }[] = [];
  queries.forEach((query, q) => {
    const expected = query.expected[who];
    if (!expected) return;
    const values = ours(query, Object.keys(expected));
    // a name that is not canonical would be missing here
    for (const [name, value] of Object.entries(expected))
      if (!(Math.abs(values[name]! - value) < 1e-9))
        found.push({ query, line: `${q} ${query.kind} ${name}: ${values[name]} ≠ ${value}` });
  });
  return found;
}

const hasNegative = (query: Query): boolean => Object.values(query.qrels).some((grade) => grade < 0);

describe("measures on awkward runs", () => {
  it("are asked for ties, empty runs, unjudged and negatively judged documents, and short lists", () => {
    const kinds = new Set(queries.map((query) => query.kind));
    expect([...kinds].sort()).toEqual(["constant", "distinct", "empty", "huge", "near", "ties"]);
    expect(queries.some(hasNegative)).toBe(true);
    expect(queries.some((query) => Object.values(query.qrels).every((grade) => grade <= 0))).toBe(true);
  });

  it("agree with trec_eval (pytrec_eval)", () => {
    // never asked about queries with negative grades alone: pytrec_eval crashes on them
    expect(differences("pytrec_eval").map(({ line }) => line)).toEqual([]);
  });

  it("agree with ranx where nothing is tied, but for RBP, where it takes grades as gains beyond 1", () => {
    const different = differences("ranx");
    expect(different.filter(({ line }) => !/ RBP/.test(line)).map(({ line }) => line)).toEqual([]);
    for (const query of queries) {
      const theirs = query.expected["ranx"]?.["RBP"];
      if (theirs === undefined) continue;
      const grades = rankByScore(scored(query.run)).map((id) => query.qrels[id] ?? 0);
      expect(grades.reduce((sum, grade, i) => sum + 0.2 * grade * 0.8 ** i, 0)).toBeCloseTo(theirs, 9);
      if (Math.max(...grades) <= 1) expect(ours(query, ["RBP"])["RBP"]).toBeCloseTo(theirs, 9);
    }
  });

  it("agree with ir_measures, but its Judged breaks ties by rising id and calls negative grades judged", () => {
    const different = differences("ir_measures");
    expect(different.length).toBeGreaterThan(0);
    const unexplained = different.filter(
      ({ query, line }) =>
        !(/ Judged@/.test(line) && query.kind !== "distinct") &&
        !(/[Jj]udged/.test(line) && hasNegative(query)),
    );
    expect(unexplained.map(({ line }) => line)).toEqual([]);
  });

  it("rank a constant scorer by id, not by the order it wrote", () => {
    const run = ["a", "b", "c"].map((id) => ({ id, score: 1 }));
    expect(rankByScore(run)).toEqual(["c", "b", "a"]);
    const qrels = new Map([["q", new Map([["a", 1]])]]);
    expect(scoreRun(qrels, new Map([["q", run]]), ["MRR"]).values["MRR"]![0]).toBeCloseTo(1 / 3, 12);
  });
});
