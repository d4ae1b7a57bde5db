import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { createItemLoss } from "../../lib/losses/create-item-loss.js";
import { unitDistances } from "../../lib/losses/items/item-distances.js";
import { mineBy } from "../../lib/losses/items/mine-by.js";
import { createMiner } from "../../lib/negatives/miners/create-miner.js";
import type { Pairs, Triplets } from "../../lib/negatives/miners/tuples.js";

type Rows = number[][];
const read = (name: string) =>
  JSON.parse(readFileSync(`tests/fixtures/metric-learning/${name}.json`, "utf8"));
const { cases } = read("losses") as { cases: Record<string, { rows: Rows; labels: number[] }> };
const { miners, drawn } = read("miners") as {
  miners: Record<string, Record<string, Record<string, number[]>>>;
  drawn: {
    DistanceWeightedMiner: { perBatch: number; negatives: Rows };
    UniformHistogramMiner: { options: object; positive: Rows; negative: Rows };
  };
};

/** Options in the published spelling, by name in the fixture. */
const options: Record<string, object> = {
  "BatchEasyHardMiner semihard easy": { pos_strategy: "semihard", neg_strategy: "easy" },
  "BatchEasyHardMiner all hard": { pos_strategy: "all", neg_strategy: "hard" },
  "BatchEasyHardMiner hard all": { pos_strategy: "hard", neg_strategy: "all" },
  "BatchEasyHardMiner ranges": {
    ...{ pos_strategy: "hard", neg_strategy: "hard" },
    ...{ allowed_pos_range: [0.2, 1.2], allowed_neg_range: [0.5, 1.5] },
  },
  "TripletMarginMiner hard": { margin: 0.3, type_of_triplets: "hard" },
  "TripletMarginMiner semihard": { margin: 0.3, type_of_triplets: "semihard" },
  "TripletMarginMiner easy": { margin: 0.3, type_of_triplets: "easy" },
};

function find(kind: string, given: object, rows: Rows, labels: number[], random = new Random(3)) {
  const miner = createMiner({ ...given, kind }, "any", random);
  const x = tf.tensor2d(rows);
  const found = mineBy<Pairs | Triplets>(miner, () => unitDistances(x, x), x, {
    labels: Int32Array.from(labels),
  });
  x.dispose();
  return found;
}

/** Tuples as sorted lines: the order within a batch means nothing. */
function lines(found: Pairs | Triplets): string[] {
  const out =
    "positive" in found
      ? Array.from(found.anchor, (a, t) => `${a} ${found.positive[t]} ${found.negative[t]}`)
      : Array.from(found.first, (a, t) => `${found.similar[t] ? "+" : "-"} ${a} ${found.second[t]}`);
  return out.sort();
}

function wantedLines(wanted: Record<string, number[]>): string[] {
  const { anchor, positive, negative, anchor1, anchor2 } = wanted;
  if (anchor) return anchor.map((a, t) => `${a} ${positive![t]} ${negative![t]}`).sort();
  return [
    ...anchor1!.map((a, t) => `+ ${a} ${positive![t]}`),
    ...anchor2!.map((a, t) => `- ${a} ${negative![t]}`),
  ].sort();
}

beforeAll(async () => void (await selectBackend("wasm")));

describe("miners against pytorch-metric-learning", () => {
  it.each(Object.keys(miners))("%s finds the same tuples", (name) => {
    for (const [input, wanted] of Object.entries(miners[name]!)) {
      // copies tie: which of them is nearest is anybody's choice
      if (input === "tied" && /Batch|HDC/.test(name)) continue;
      const { rows, labels } = cases[input]!;
      const got = lines(find(name.split(" ")[0]!, options[name] ?? {}, rows, labels));
      // a row of zeros is equally far from everything: what is chosen with it is anybody's choice too
      const zero = rows.findIndex((row) => row.every((value) => value === 0));
      const decided = (all: string[]) => all.filter((line) => !line.split(" ").includes(String(zero)));
      expect(decided(got).length).toBeGreaterThan(zero < 0 ? -1 : 0);
      expect(decided(got), `${name} on ${input}`).toEqual(decided(wantedLines(wanted)));
    }
  });

  it("DistanceWeightedMiner draws each negative as often", () => {
    const { rows, labels } = cases.random!;
    const { perBatch, negatives } = drawn.DistanceWeightedMiner;
    const random = new Random(5);
    const counts = rows.map(() => rows.map(() => 0));
    let total = 0;
    for (let draw = 0; draw < 1000; draw++) {
      const { anchor, negative } = find("DistanceWeightedMiner", {}, rows, labels, random) as Triplets;
      total += anchor.length;
      anchor.forEach((a, t) => {
        counts[a]![negative[t]!]! += 1;
      });
    }
    expect(total / 1000).toBeCloseTo(perBatch, 6);
    counts.forEach((row, a) => {
      const sum = row.reduce((x, y) => x + y, 0);
      // 3,000 draws an anchor against 3,000: five standard errors of a share's difference are at most .065
      row.forEach((count, n) => {
        expect(Math.abs(count / Math.max(1, sum) - negatives[a]![n]!)).toBeLessThan(0.065);
      });
    });
  });

  it("UniformHistogramMiner draws each pair as often", () => {
    const { rows, labels } = cases.random!;
    const { options: given, positive, negative } = drawn.UniformHistogramMiner;
    const random = new Random(6);
    const draws = 1000;
    const counts = [0, 1].map(() => rows.map(() => rows.map(() => 0)));
    for (let draw = 0; draw < draws; draw++) {
      const found = find("UniformHistogramMiner", given, rows, labels, random) as Pairs;
      found.first.forEach((i, t) => {
        counts[found.similar[t]!]![i]![found.second[t]!]! += 1;
      });
    }
    [negative, positive].forEach((table, side) => {
      table.forEach((row, i) => {
        row.forEach((wanted, j) => {
          const got = counts[side]![i]![j]! / draws;
          // a mean of 1,000 counts against one of 2,000: five standard errors of Poisson counts
          expect(Math.abs(got - wanted)).toBeLessThan(5 * Math.sqrt((wanted + 0.02) * 0.0015));
        });
      });
    });
  });

  it("MaximumLossMiner keeps the pairs of the costliest subset that it drew", () => {
    const { rows, labels } = cases.random!;
    const x = tf.tensor2d(rows);
    const parts = { session: false, classes: 4, dim: 5 };
    const plain = createItemLoss(
      { kind: "ContrastiveLoss" },
      { ...parts, miner: null, random: new Random(1) },
    );
    const asked: number[] = [];
    const lossOf = (kept: Int32Array) =>
      tf.tidy(() => {
        const own = Int32Array.from(kept, (i) => labels[i]!);
        const value = plain(tf.gather(x, kept) as tf.Tensor2D, { labels: own }).value.dataSync()[0]!;
        asked.push(value);
        return value;
      });
    const miner = createMiner({ kind: "MaximumLossMiner", num_trials: 7 }, "any", new Random(2));
    const found = miner(new Float32Array(0), { labels: Int32Array.from(labels), lossOf }) as Pairs;
    const members = [...new Set([...found.first, ...found.second])].sort((a, b) => a - b);
    expect(asked).toHaveLength(7);
    expect(members).toHaveLength(6); // half the batch
    expect(found.first).toHaveLength(30);
    expect(lossOf(Int32Array.from(members))).toBe(Math.max(...asked.slice(0, 7)));
    // and through the loss that asks
    const mining = createItemLoss(
      { kind: "ContrastiveLoss" },
      { ...parts, miner: { kind: "maximum_loss" }, random: new Random(1) },
    );
    const all = plain(x, { labels: Int32Array.from(labels) }).value.dataSync()[0]!;
    expect(mining(x, { labels: Int32Array.from(labels) }).value.dataSync()[0]).toBeGreaterThan(all);
    x.dispose();
  });
});
