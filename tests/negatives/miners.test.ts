import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { allPairs, allTriplets } from "../../lib/negatives/miners/all.js";
import {
  createMiner,
  type MinerSpec,
  minerKinds,
  registerMiner,
} from "../../lib/negatives/miners/create-miner.js";
import { easyHardPairs, easyHardTriplets, type Strategy } from "../../lib/negatives/miners/easy-hard.js";
import { hardNegativePairs, onlineTriplets } from "../../lib/negatives/miners/online-selectors.js";
import { sessionPairs, sessionTriplets } from "../../lib/negatives/miners/session.js";
import { tripletMarginMiner } from "../../lib/negatives/miners/triplet-margin.js";
import { type Pairs, packTriplets, type Triplets } from "../../lib/negatives/miners/tuples.js";
import { expectClose, vector, vectors } from "../support/vectors.js";

const triplets = ({ anchor, positive, negative }: Triplets) =>
  [...anchor].map((a, t) => [a, positive[t], negative[t]]);
const pairs = ({ first, second, similar }: Pairs) => [...first].map((a, t) => [a, second[t], similar[t]]);
const items = (labels: number[]) => ({ labels: Int32Array.from(labels) });
const none = new Float32Array(0);
const unitDistances = (rows: number[][]) => {
  const unit = rows.map((row) => row.map((x) => x / Math.hypot(...row)));
  return Float32Array.from(unit.flatMap((a) => unit.map((b) => Math.hypot(...a.map((x, k) => x - b[k]!)))));
};
const squares = (rows: number[][]) =>
  Float32Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((sum, x, k) => sum + (x - b[k]!) ** 2, 0))));

describe("miners match their vectors:", () => {
  it("all triplets and all pairs", () => {
    const t = vector("4-finetuner/triplet_miner_all");
    expect(triplets(allTriplets()(none, items(t.inputs.labels)))).toEqual(t.expected);
    const p = vector("4-finetuner/siamese_miner_all");
    expect(pairs(allPairs()(none, items(p.inputs.labels)))).toEqual(p.expected);
  });

  it.each(vectors("4-finetuner/triplet_easy_hard_miner/").map(({ name, ...rest }) => [name, rest] as const))(
    "%s",
    (_name, { inputs, expected }) => {
      const miner = easyHardTriplets({ positive: inputs.pos_strategy, negative: inputs.neg_strategy });
      const mined = triplets(miner(Float32Array.from(inputs.distances.flat()), items(inputs.labels)));
      expect(mined).toEqual(expected);
    },
  );

  it.each(vectors("4-finetuner/siamese_easy_hard_miner/").map(({ name, ...rest }) => [name, rest] as const))(
    "%s",
    (_name, { inputs, expected }) => {
      const miner = easyHardPairs({ positive: inputs.pos_strategy, negative: inputs.neg_strategy });
      expect(pairs(miner(Float32Array.from(inputs.distances.flat()), items(inputs.labels)))).toEqual(
        expected,
      );
    },
  );

  it("which strategies go together", () => {
    const { inputs, expected } = vector("4-finetuner/miner_strategy_validation");
    const verdicts = inputs.pairs.map(([positive, negative]: [Strategy, Strategy]) => {
      try {
        easyHardTriplets({ positive, negative });
        return "ok";
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return "error";
      }
    });
    expect(verdicts).toEqual(expected);
  });

  it("sessions", () => {
    const { inputs, expected } = vector("4-finetuner/session_miner");
    const batch = { labels: Int32Array.from(inputs.sessions), types: Int32Array.from(inputs.match_types) };
    expect(pairs(sessionPairs()(none, batch))).toEqual(expected.pairs);
    expect(triplets(sessionTriplets()(none, batch))).toEqual(expected.triplets);
    expect(() => sessionPairs()(none, items([1, 1]))).toThrow(
      "items must have session types, got labels only",
    );
  });

  it("triplet margins", () => {
    for (const { inputs, expected } of vectors("4-finetuner/triplet_margin_miner/")) {
      const miner = tripletMarginMiner({ margin: inputs.margin, kind: inputs.type_of_triplets });
      expect(triplets(miner(unitDistances(inputs.embeddings), items(inputs.labels)))).toEqual(expected);
    }
    expect(() => tripletMarginMiner({ margin: 0 })).toThrow("tripletMarginMiner: margin must be > 0, got 0");
  });

  it("online selectors", () => {
    const { inputs, expected } = vector("4-finetuner/online_triplet_selectors");
    const distances = squares(inputs.embeddings);
    const mine = (kind: "all" | "hardest" | "random_hard" | "semihard", seed = 1) =>
      triplets(
        onlineTriplets({ kind, margin: inputs.margin, random: new Random(seed) })(
          distances,
          items(inputs.labels),
        ),
      );
    expect(mine("all")).toEqual(expected.all);
    expect(mine("hardest")).toEqual(expected.hardest);
    for (const [kind, key] of [
      ["random_hard", "random_hard_candidates"],
      ["semihard", "semi_hard_candidates"],
    ] as const) {
      const seen = new Map<string, Set<number>>();
      for (let seed = 0; seed < 60; seed++)
        for (const [a, p, n] of mine(kind, seed)) {
          const pair = `${a},${p}`;
          seen.set(pair, (seen.get(pair) ?? new Set<number>()).add(n!));
        }
      const want = expected[key].filter(([, candidates]: [number[], number[]]) => candidates.length > 0);
      expect([...seen.keys()].sort()).toEqual(want.map(([pair]: [number[]]) => pair.join(",")).sort());
      for (const [pair, candidates] of want)
        expect([...seen.get(pair.join(","))!].sort(), `${kind} ${pair}`).toEqual(candidates);
    }
  });

  it("the fallback of the online selectors", () => {
    const { expected } = vector("4-finetuner/online_triplet_selector_fallback");
    expect(expected.triplet).toBe(
      "last anchor-positive pair visited with the first negative index of that label",
    );
    // two tight clusters far apart: no triplet costs anything
    const distances = squares([[0], [0.1], [9], [9.1]]);
    const mined = onlineTriplets({ kind: "hardest", margin: 1 })(distances, items([0, 0, 1, 1]));
    expect(triplets(mined)).toEqual([[2, 3, 0]]);
    expect(
      triplets(onlineTriplets({ kind: "hardest", margin: 1 })(squares([[0], [1]]), items([5, 5]))),
    ).toEqual([]);
  });

  it("hard negative pairs", () => {
    const { inputs, expected } = vector("4-finetuner/hard_negative_pairs");
    const distances = squares(inputs.embeddings);
    const mined = pairs(hardNegativePairs()(distances, items(inputs.labels)));
    expect(mined.filter(([, , similar]) => similar === 1)).toHaveLength(expected.positive_count);
    const negatives = mined.filter(([, , similar]) => similar === 0) as [number, number, number][];
    const key = ([i, j]: number[]) => `${Math.min(i!, j!)},${Math.max(i!, j!)}`;
    expect(negatives.map(key).sort()).toEqual(expected.hardest_negative_pairs_as_set.map(key).sort());
    expectClose(
      negatives.map(([i, j]) => distances[i * 6 + j]!),
      expected.distances,
      1e-6,
    );
  });
});

describe("createMiner", () => {
  it("builds by name, and names the miners that fit the loss otherwise", () => {
    const random = new Random(1);
    const miner = createMiner({ kind: "easy_hard_triplets", positive: "easy" }, "triplets", random);
    expect(triplets(miner(squares([[0], [1], [3], [4]]), items([0, 0, 0, 1])))[0]).toEqual([0, 1, 3]);
    expect(() => createMiner({ kind: "all_pairs" }, "triplets", random)).toThrow(
      `miner "all_pairs" finds pairs, the loss needs triplets; known: ${minerKinds("triplets").join(", ")}`,
    );
    expect(() => createMiner({ kind: "hardest" }, "pairs", random)).toThrow(
      'unknown miner "hardest"; known: all_pairs',
    );
  });

  it("fills in what each declares, and refuses options that it does not know or that are out of range", () => {
    const random = () => new Random(7);
    const [distances, batch] = [squares([[0], [1], [3], [4], [9]]), items([0, 0, 0, 1, 1])];
    const made = (spec: MinerSpec) => triplets(createMiner(spec, "triplets", random())(distances, batch));
    expect(made({ kind: "triplet_margin" })).toEqual(triplets(tripletMarginMiner()(distances, batch)));
    expect(made({ kind: "triplet_margin", type: "hard" })).toEqual(
      triplets(tripletMarginMiner({ kind: "hard" })(distances, batch)),
    );
    expect(made({ kind: "online_triplets", select: "all", margin: 2 })).toEqual(
      triplets(onlineTriplets({ kind: "all", margin: 2 })(distances, batch)),
    );
    expect(() => made({ kind: "triplet_margin", margins: 1 })).toThrow(
      'triplet_margin: unknown option "margins"; did you mean margin?',
    );
    expect(() => made({ kind: "triplet_margin", margin: 0 })).toThrow(
      /^triplet_margin: margin must be > 0, got 0$/,
    );
    expect(() => made({ kind: "easy_hard_triplets", positive: "hardest" })).toThrow(
      /^easy_hard_triplets: positive must be one of all, easy, semihard, hard, got "hardest"$/,
    );
  });

  it("takes miners of one's own", () => {
    registerMiner("first", "triplets", () => () => packTriplets([[0, 1, 2]]));
    expect(triplets(createMiner({ kind: "first" }, "triplets", new Random(1))(none, items([])))).toEqual([
      [0, 1, 2],
    ]);
  });
});

describe("easyHardPairs", () => {
  it("symmetric looks at all items, the published form at later ones only", () => {
    const distances = squares([[0], [1], [3], [4]]);
    const batch = items([0, 0, 1, 1]);
    expect(pairs(easyHardPairs()(distances, batch)).filter(([, , s]) => s === 1)).toEqual([
      [0, 1, 1],
      [2, 3, 1],
    ]);
    expect(
      pairs(easyHardPairs({ symmetric: true })(distances, batch)).filter(([, , s]) => s === 1),
    ).toHaveLength(4);
  });
});
