import { describe, expect, it } from "vitest";
import type { Considered } from "../../../lib/annotation/label/choices/choice-part.js";
import { labelChoices, registerChoice } from "../../../lib/annotation/label/label-choices.js";
import { Random } from "../../../lib/engine/random/random.js";

const DIM = 3;
const random = new Random(5);
const unit = () => {
  const row = Array.from({ length: DIM }, () => random.normal());
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
};

/** 40 questions with four candidates each, and answered ones. */
function considered(answered: number): Considered & { rows: number[][]; done: number[][] } {
  const rows = Array.from({ length: 40 }, unit);
  const done = Array.from({ length: answered }, unit);
  const scores = rows.flatMap(() =>
    Array.from({ length: 4 }, () => random.next() * 2 - 1)
      .sort()
      .reverse(),
  );
  return {
    ...{ count: 40, scores: Float32Array.from(scores), k: 4, dim: DIM, random: new Random(9), rows, done },
    vectors: Float32Array.from(rows.flat()),
    answered: () => Float32Array.from(done.flat()),
  };
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe("a choice of questions", () => {
  it("takes those whose best candidate is nearest", () => {
    const given = considered(0);
    const best = Array.from({ length: 40 }, (_, q) => given.scores[q * 4]!);
    const found = labelChoices.get("nearest").rank(given, 3);
    expect(Array.from(found, (q) => best[q])).toEqual([...best].sort((a, b) => b - a).slice(0, 3));
  });

  it("takes those whose candidates are told apart least", () => {
    const given = considered(0);
    given.scores.fill(0.3, 4 * 7, 4 * 8); // four equal candidates: the highest entropy there is, ln 4
    given.scores.set([0.9, -1, -1, -1], 4 * 11);
    given.scores.set([0.5, -Infinity, -Infinity, -Infinity], 4 * 12); // one candidate: nothing to be uncertain of
    const ranked = [...labelChoices.get("uncertain").rank(given, 40)];
    expect(ranked[0]).toBe(7);
    expect(ranked.indexOf(11)).toBeGreaterThan(35);
    expect(ranked.at(-1)).toBe(12);
  });

  it("takes those whose two best candidates are closest", () => {
    const given = considered(0);
    given.scores.set([0.5, -Infinity, -Infinity, -Infinity], 4 * 12); // one candidate alone
    const gaps = Array.from({ length: 40 }, (_, q) => given.scores[q * 4]! - given.scores[q * 4 + 1]!);
    const ranked = [...labelChoices.get("margin").rank(given, 40)];
    expect(ranked.slice(0, 39).map((q) => gaps[q])).toEqual(
      gaps.filter(Number.isFinite).sort((a, b) => a - b),
    );
    expect(ranked.at(-1)).toBe(12);
  });

  it("takes those farthest from all answered and chosen, one by one", () => {
    const given = considered(5);
    const centres = [...given.done];
    const expected: number[] = [];
    for (let n = 0; n < 6; n++) {
      const closest = given.rows.map((row) => Math.max(...centres.map((centre) => dot(row, centre))));
      const next = closest.indexOf(Math.min(...closest));
      expected.push(next);
      centres.push(given.rows[next]!);
    }
    expect([...labelChoices.get("diverse").rank(given, 6)]).toEqual(expected);
  });

  it("begins in the middle where nothing is answered", () => {
    const given = considered(0);
    const mean = [0, 1, 2].map((d) => given.rows.reduce((sum, row) => sum + row[d]!, 0));
    const nearness = given.rows.map((row) => dot(row, mean));
    expect(labelChoices.get("diverse").rank(given, 1)[0]).toBe(nearness.indexOf(Math.max(...nearness)));
  });

  it("takes any, each once, or the first ones", () => {
    const any = [...labelChoices.get("random").rank(considered(0), 40)];
    expect([...any].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(any).not.toEqual([...any].sort((a, b) => a - b));
    expect([...labelChoices.get("in_order").rank(considered(0), 3)]).toEqual([0, 1, 2]);
  });

  it("is known by name, one of one's own too", () => {
    registerChoice("last", ({ count }, wanted) =>
      Int32Array.from({ length: wanted }, (_, i) => count - 1 - i),
    );
    expect([...labelChoices.get("last").rank(considered(0), 2)]).toEqual([39, 38]);
    expect(() => labelChoices.get("uncertian")).toThrow(
      'unknown choice of questions "uncertian"; known: nearest, uncertain, margin, diverse, random, in_order, last; did you mean uncertain?',
    );
  });
});
