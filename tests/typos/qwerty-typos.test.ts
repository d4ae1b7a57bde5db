import { describe, expect, it } from "vitest";
import { MersenneTwister } from "../../lib/engine/random/mersenne-twister.js";
import { Random } from "../../lib/engine/random/random.js";
import { qwertyNeighbours } from "../../lib/typos/qwerty-neighbours.js";
import { qwertyTypos, removeCharacter, substitute, transpose } from "../../lib/typos/qwerty-typos.js";
import { fromMersenneTwister, fromRandom } from "../../lib/typos/random-source.js";
import { vector, vectors } from "../support/vectors.js";

describe("qwertyTypos", () => {
  it("has the published neighbour lists, in order, with their duplicates", () => {
    const lists = Object.fromEntries(Object.entries(qwertyNeighbours).map(([key, list]) => [key, [...list]]));
    expect(lists).toEqual(vector("0-qdrl/keyboard_neighbours").expected);
  });

  it("gives the published results of its operations", () => {
    const { inputs, expected } = vector("0-qdrl/typo_ops");
    const got = inputs.ops.map(([kind, word, a, b]: [string, string, number, number]) =>
      kind === "substitute"
        ? substitute(word, a, b)
        : kind === "remove"
          ? removeCharacter(word, a)
          : transpose(word, a),
    );
    expect(got).toEqual(expected);
  });

  it("takes its draws in the published order", () => {
    const { inputs, expected } = vector("0-qdrl/typo_stream_injected");
    let used = 0;
    const draw = () => inputs.draws_in_order[used++];
    expect(qwertyTypos.apply(inputs.text, inputs.p, { random: draw, below: draw })).toBe(expected.text);
    expect(used).toBe(expected.draws_used);
  });

  for (const { name, inputs, expected } of vectors("0-qdrl/typo_seeded_mt19937/"))
    it(`gives ${name}`, () => {
      const random = fromMersenneTwister(new MersenneTwister(inputs.seed));
      expect(inputs.texts_in_order.map((text: string) => qwertyTypos.apply(text, inputs.p, random))).toEqual(
        expected,
      );
    });

  it("with probability 0 changes and draws nothing", () => {
    const fail = () => {
      throw new Error("drew");
    };
    expect(qwertyTypos.apply("a  solar panel", 0, { random: fail, below: fail })).toBe("a  solar panel");
  });

  it("is repeatable with the workspace's generator, keeps the word count, and edits about p of the long words", () => {
    const text = Array.from({ length: 4000 }, () => "wireless").join(" ");
    const once = qwertyTypos.apply(text, 0.3, fromRandom(new Random(1)));
    expect(qwertyTypos.apply(text, 0.3, fromRandom(new Random(1)))).toBe(once);
    const words = once.split(" ");
    expect(words.length).toBe(4000);
    // P(changed) = p · (½ + ¼ + ¼ · 6/7): "ss" swapped is no change; sd ≈ 29.
    const changed = words.filter((word) => word !== "wireless").length;
    expect(Math.abs(changed - 4000 * 0.3 * (1 - 0.25 / 7))).toBeLessThan(145);
  });

  it("refuses what is not a probability", () => {
    for (const p of [-0.1, 1.5, Number.NaN])
      expect(() => qwertyTypos.apply("ab", p, fromRandom(new Random(1)))).toThrow(
        `qwertyTypos: probability must be in [0, 1], got ${p}`,
      );
  });
});
