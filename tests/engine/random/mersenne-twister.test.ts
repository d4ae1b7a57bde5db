import { describe, expect, it } from "vitest";
import { MersenneTwister } from "../../../lib/engine/random/mersenne-twister.js";
import { vector } from "../../support/vectors.js";

describe("MersenneTwister", () => {
  it("gives CPython's random.Random(42)", () => {
    const { inputs, expected, tolerance } = vector("0-qdrl/mt19937_primitives");
    const twister = new MersenneTwister(inputs.seed);
    for (const value of expected.first_four_random) {
      const got = twister.random();
      expect(Math.abs(got - value), `${got} against ${value}`).toBeLessThanOrEqual(tolerance);
    }
    expect(expected.then_randint_0_5_x6.map(() => twister.randBelow(6))).toEqual(
      expected.then_randint_0_5_x6,
    );
  });

  it("repeats CPython 3.11 for seeds of one and two words and after several refills", () => {
    // [random.Random(seed).getrandbits(32) for _ in range(3)]
    const fixtures: [number, number[]][] = [
      [0, [3626764237, 1654615998, 3255389356]],
      [2 ** 32, [485306839, 1508871100, 1794561286]],
      [2 ** 32 + 1, [991850117, 2151679444, 2200792185]],
      [12345678901, [4063089813, 2562312935, 1408749075]],
      [-12345678901, [4063089813, 2562312935, 1408749075]],
    ];
    for (const [seed, words] of fixtures) {
      const twister = new MersenneTwister(seed);
      expect(words.map(() => twister.uint32())).toEqual(words);
    }
    // r = random.Random(7); [r.random() for _ in range(2000)]; r.random(); r.getrandbits(32)
    const twister = new MersenneTwister(7);
    for (let i = 0; i < 2000; i++) twister.random();
    expect(twister.random()).toBe(0.6415743501553379);
    expect(twister.uint32()).toBe(1141482034);
  });

  it("draws below n without reaching it, and refuses what is not a count", () => {
    const twister = new MersenneTwister(1);
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < 5000; i++) counts[twister.randBelow(5)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150); // 5 standard deviations of a fair draw
    expect(() => twister.randBelow(0)).toThrow("n must be an integer in [1, 2^32), got 0");
    expect(() => new MersenneTwister(0.5)).toThrow("seed must be an integer, got 0.5");
  });
});
