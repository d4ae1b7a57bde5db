import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { createItemLoss } from "../../lib/losses/create-item-loss.js";
import { createLoss } from "../../lib/losses/create-loss.js";
import { type LabelLoss, NoTuplesError } from "../../lib/losses/label-loss.js";

type Rows = number[][];
interface Answer {
  value: number | null;
  gradient: (number | null)[][];
  weights: (number | null)[][] | null;
}
const read = (name: string) =>
  JSON.parse(readFileSync(`tests/fixtures/metric-learning/${name}.json`, "utf8"));
const fixture = read("losses") as {
  cases: Record<string, { rows: Rows; labels: number[] }>;
  proxies: Rows;
  centers: Rows;
  losses: Record<string, Record<string, Answer>>;
  vicreg: { left: Rows; right: Rows; value: number; gradients: [Rows, Rows] };
  memory: {
    batches: { rows: Rows; labels: number[] }[];
    losses: Record<string, { value: number; gradient: Rows }[]>;
  };
};

/** Options in the published spelling, by name in the fixture. */
const options: Record<string, object> = {
  "TripletMarginLoss swapped": { swap: true, margin: 0.3 },
  "TripletMarginLoss smooth": { smooth_loss: true },
  "ContrastiveLoss wide": { posMargin: 0.3, negMargin: 1.1 },
  "MarginLoss wide": { beta: 1.3 },
  "MarginLoss learned": { learnBeta: true, nu: 0.1, beta: 1.3 },
  "MarginLoss learned by class": { learnBeta: true, nu: 0.1, beta: 1.3, betaPerClass: true },
  SoftTripleLoss: { centersPerClass: 3 },
};

/** The loss of that name in the fixture, with its vectors of classes. */
function lossOf(name: string, miner: string | null = null): LabelLoss {
  const parts = { session: false, classes: 4, dim: 5, random: new Random(1) };
  const loss = createItemLoss(
    { ...options[name], kind: name.split(" ")[0]! },
    { ...parts, miner: miner === null ? null : { kind: miner } },
  );
  loss.weights?.class_weights?.assign(
    tf.tensor2d(name === "SoftTripleLoss" ? fixture.centers : fixture.proxies),
  );
  return loss;
}

/** Value and gradients, all 0 where nothing is found: what the reference gives then. */
function answerOf(loss: LabelLoss, rows: Rows, labels: readonly number[]): Answer {
  const x = tf.variable(tf.tensor2d(rows));
  const own = Object.values(loss.weights ?? {});
  let answer: Answer = { value: 0, gradient: rows.map((row) => row.map(() => 0)), weights: null };
  tf.tidy(() => {
    const context = { labels: Int32Array.from(labels) };
    try {
      const { value, grads } = tf.variableGrads(() => loss(x as tf.Tensor2D, context).value, [x, ...own]);
      const slope = own[0] ? grads[own[0].name] : undefined;
      answer = {
        value: value.dataSync()[0]!,
        gradient: (grads[x.name] ?? tf.zerosLike(x)).arraySync() as Rows,
        weights: own[0] ? ((slope ?? tf.zerosLike(own[0])).arraySync() as Rows) : null,
      };
    } catch (error) {
      if (!(error instanceof NoTuplesError)) throw error;
    }
  });
  x.dispose();
  return answer;
}

/** float32 against float64: 2e-4 of the largest component; nothing where the reference has no number. */
function expectSame(got: unknown, wanted: unknown, what: string, share = 2e-4): void {
  const [a, b] = [[got], [wanted]].map((x) => (x as number[][]).flat(3)) as [number[], (number | null)[]];
  expect(a.length, what).toBe(b.length);
  const largest = Math.max(1e-2, ...b.map((x) => Math.abs(x ?? 0)));
  a.forEach((x, i) => {
    expect(Number.isFinite(x), `${what}: ${x}`).toBe(true);
    if (b[i] === null) return;
    expect(Math.abs(x - b[i]!), `${what}[${i}]: ${x} against ${b[i]}`).toBeLessThanOrEqual(share * largest);
  });
}

beforeAll(async () => void (await selectBackend("wasm")));

describe("losses of items against pytorch-metric-learning", () => {
  it.each(Object.keys(fixture.losses))("%s has its values and gradients on every input", (name) => {
    for (const [input, wanted] of Object.entries(fixture.losses[name]!)) {
      const { rows, labels } = fixture.cases[input]!;
      const got = answerOf(lossOf(name), rows, labels);
      expectSame(got.value, wanted.value, `${name} on ${input}`);
      const zero = rows.map((row) => row.every((value) => value === 0));
      const kept = <T>(all: T[], of: boolean) => all.filter((_, i) => zero[i] === of);
      expectSame(
        kept(got.gradient, false),
        kept(wanted.gradient, false),
        `${name} on ${input}, gradient`,
        1e-3,
      );
      // a row of zeros is divided by 1e-8 here, by 1e-12 there; where it is as far from p as from a, swapping is a tie
      const scaled = kept(wanted.gradient, true).map((row) =>
        row.map((value) => (value === null || name.endsWith("swapped") ? null : value * 1e-4)),
      );
      expectSame(kept(got.gradient, true), scaled, `${name} on ${input}, gradient at zero`, 1e-3);
      if (wanted.weights && got.weights)
        expectSame(got.weights, wanted.weights, `${name} on ${input}, its weights`, 1e-3);
    }
  });

  it("CentroidTripletLoss has its values and gradients", () => {
    const { cases } = read("centroid-triplet") as { cases: Record<string, Answer> };
    for (const [input, wanted] of Object.entries(cases)) {
      const { rows, labels } = fixture.cases[input]!;
      const got = answerOf(lossOf("CentroidTripletLoss"), rows, labels);
      expectSame(got.value, wanted.value, input);
      expectSame(got.gradient, wanted.gradient, `${input}, gradient`);
    }
  });

  it("VICRegLoss has its value and gradients, of pairs and of items two a label", () => {
    const { left, right, value, gradients } = fixture.vicreg;
    const loss = createLoss({ kind: "VICRegLoss" });
    tf.tidy(() => {
      const [a, b] = [tf.tensor2d(left), tf.tensor2d(right)];
      expectSame(loss(a, b).value.dataSync()[0], value, "value");
      const slopes = tf.grads((x, y) => loss(x as tf.Tensor2D, y as tf.Tensor2D).value)([a, b]);
      expectSame(
        slopes.map((slope) => slope.arraySync()),
        gradients,
        "gradients",
      );
    });
    const labels = [...left.keys(), ...right.keys()];
    expectSame(answerOf(lossOf("VICRegLoss"), [...left, ...right], labels).value, value, "items");
  });

  it.each(Object.keys(fixture.memory.losses))("CrossBatchMemory of %s goes through its queue", (name) => {
    const parts = { miner: null, session: false, classes: 4, dim: 5, random: new Random(1) };
    const kind = {
      ContrastiveLoss: "contrastive",
      TripletMarginLoss: "triplet_margin",
      NTXentLoss: "nt_xent",
      MultiSimilarityLoss: "multi_similarity",
      MarginLoss: "margin",
      CircleLoss: "circle",
      SupConLoss: "sup_con",
      GeneralizedLiftedStructureLoss: "generalized_lifted_structure",
      IntraPairVarianceLoss: "intra_pair_variance",
      SignalToNoiseRatioContrastiveLoss: "signal_to_noise_contrastive",
      TupletMarginLoss: "tuplet_margin",
      AngularLoss: "angular",
      NCALoss: "nca",
    }[name];
    const make = () => createItemLoss({ kind: "CrossBatchMemory", loss: kind, memorySize: 10 }, parts);
    let loss = make();
    fixture.memory.batches.forEach(({ rows, labels }, step) => {
      // a memory taken over by another loss of the sort goes on as the first would
      const other = make();
      other.memory!.restore(loss.memory!.state());
      loss = other;
      const looked = tf.tidy(
        () =>
          loss(tf.tensor2d(rows), { labels: Int32Array.from(labels), validation: true }).value.dataSync()[0],
      );
      expect(Number.isFinite(looked)).toBe(true); // and nothing is kept of it
      const got = answerOf(loss, rows, labels);
      const wanted = fixture.memory.losses[name]![step]!;
      expectSame(got.value, wanted.value, `${name}, batch ${step}`);
      expectSame(got.gradient, wanted.gradient, `${name}, batch ${step}, gradient`, 1e-3);
    });
  });
});

describe("losses of items with miners against pytorch-metric-learning", () => {
  const { values, case: input } = read("mined-losses") as {
    case: string;
    values: Record<string, Record<string, number>>;
  };
  it.each(Object.keys(values))("%s takes what each miner finds", (name) => {
    const { rows, labels } = fixture.cases[input]!;
    for (const [miner, wanted] of Object.entries(values[name]!)) {
      // n_pairs takes the first pair of a label, and (i, j) ties with (j, i) in what HDCMiner sorts
      if (name === "NPairsLoss" && miner === "HDCMiner") continue;
      expectSame(answerOf(lossOf(name, miner), rows, labels).value, wanted, `${name} with ${miner}`);
    }
  });
});
