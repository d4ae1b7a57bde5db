import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { Encoder, EncoderSpec } from "../../lib/encoders/encoder.js";
import type { ModalityEncoderSpec } from "../../lib/encoders/modalities/towers-spec.js";
import { parametersOf } from "../../lib/encoders/parameters.js";
import { smallArchitecture } from "../../lib/encoders/transformer/architecture.js";
import { TransformerEncoder } from "../../lib/encoders/transformer/transformer-encoder.js";
import type { TransformerSpec } from "../../lib/encoders/transformer/transformer-spec.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import type { PairBatch } from "../../lib/experiment/pairs.js";
import type { FeatureBatch } from "../../lib/features/batch.js";
import { tokenColumn } from "../../lib/features/token-column.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { plainSteps } from "../../lib/training/choose-trainer.js";
import { graphsPay } from "../../lib/training/graphs-pay.js";
import { type BatchTask, pairTask } from "../../lib/training/objectives/batch-task.js";
import { DistillationObjective } from "../../lib/training/objectives/distillation-objective.js";
import { Trainer, type TrainerOptions } from "../../lib/training/trainer.js";
import { exampleBatch, exampleSpec } from "../encoders/example-encoder.js";
import { noAugmentation } from "../support/no-augmentation.js";

beforeAll(async () => void (await selectBackend("wasm")));

const SIZE = 6;
const own = Int32Array.from({ length: SIZE }, (_, i) => i);
const softmax = batchSoftmax({ temperature: 0.2 });

/** What one family trains, made anew for each engine. */
interface Family {
  encoder(): Encoder;
  batch(seed: number): FeatureBatch;
  task?: BatchTask<PairBatch>;
  options?: TrainerOptions;
}

const tokens = (seed: number): FeatureBatch => {
  const random = new Random(seed);
  const encodings = Array.from({ length: SIZE }, (_, row) => {
    const length = row % 4 === 0 ? 8 : 3 + random.int(6); // graphs pad to multiples of 8, and dropout draws for padding too
    return { ids: Int32Array.from({ length }, () => 1 + random.int(39)), typeIds: new Uint8Array(length) };
  });
  return { size: SIZE, columns: { text: tokenColumn(encodings) } };
};

const transformer =
  (spec: Partial<TransformerSpec> = {}, rates = 0) =>
  (): Encoder =>
    new TransformerEncoder(
      {
        architecture: smallArchitecture(40, 32, 2, {
          ...{ maxPositionEmbeddings: 16, hiddenDropout: rates, attentionDropout: rates },
        }),
        ...{ pooling: "mean", normalize: true, sides: "shared" },
        ...{ queryTextFeature: "text", documentTextFeature: "text", ...spec },
      },
      new Random(1),
    );

const features = (seed: number): FeatureBatch => {
  const random = new Random(seed);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  return {
    size: SIZE,
    columns: {
      text: { kind: "text", ids: Int32Array.from({ length: 2 * SIZE }, () => random.int(9)), length: 2 },
      picture: {
        ...{ kind: "image", size: 8, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
        pixels: Uint8Array.from({ length: SIZE * 192 }, () => random.int(256)),
      } as FeatureBatch["columns"][string],
      parts: {
        ...{ kind: "regions", features: normals(SIZE * 2 * 4), boxes: normals(SIZE * 2 * 5), dim: 4 },
        ...{ counts: Int32Array.from({ length: SIZE }, () => 1 + random.int(2)), maxRegions: 2 },
      } as FeatureBatch["columns"][string],
    },
  };
};

const towers =
  (feature: string, encoder: ModalityEncoderSpec, modalityDropout = 0) =>
  (): Encoder => {
    const side = (features: { feature: string; encoder: ModalityEncoderSpec }[], dropout: number) => ({
      ...{ features, modalityDropout: dropout, fusion: { kind: "concat" as const, hiddenLayers: [] } },
    });
    const spec: EncoderSpec = {
      kind: "Towers",
      textEmbedding: { numEmbeddings: 9, embeddingDim: 5, initialStd: 1 },
      ...{ outputDim: 4, queryTextFeature: "text", documentTextFeature: "text" },
      towers: {
        query: side([{ feature: "text", encoder: { kind: "bag" } }], 0),
        document: side(
          [
            { feature: "text", encoder: { kind: "bag" } },
            { feature, encoder },
          ],
          modalityDropout,
        ),
        share: false,
      },
    };
    return createEncoder(spec, new Random(2));
  };

const picture = { ...{ size: 8, outputDim: 3, augmentation: noAugmentation } };
const cnn: ModalityEncoderSpec = { kind: "cnn", channels: [4, 6], blocks: 1, stemStride: 1, ...picture };
const patches = (mixing: "mlp" | "attention"): ModalityEncoderSpec => ({
  ...{ kind: "patches", patch: 4, width: 8, layers: 1, mixing, heads: 2, ...picture },
});
const regions: ModalityEncoderSpec = {
  ...{ kind: "regions", inputDim: 4, width: 6, heads: 2, outputDim: 3, dropout: 0.2 },
};

/** A loss as somebody writes it: cosines, a margin to every other document, squared. */
const ownLoss = pairTask((queries, documents) => {
  const unit = (x: tf.Tensor2D) => tf.div(x, tf.add(tf.norm(x, 2, 1, true), 1e-6)) as tf.Tensor2D;
  const scores = tf.matMul(unit(queries), unit(documents), false, true);
  const eye = tf.eye(queries.shape[0]);
  const positives = tf.sum(tf.mul(scores, eye), 1, true);
  const short = tf.relu(tf.add(tf.sub(scores, positives), 0.4));
  const perExample = tf.sum(tf.square(tf.mul(short, tf.sub(1, eye))), 1) as tf.Tensor1D;
  return { value: tf.mean(perExample) as tf.Scalar, perExample };
});

const teacher = () => {
  const random = new Random(5);
  const rows = () => Float32Array.from({ length: SIZE * 32 }, () => random.normal() / Math.sqrt(32));
  return { queries: rows(), documents: rows(), dim: 32 };
};
const distilled = (): BatchTask<PairBatch> =>
  pairTask(
    softmax,
    new DistillationObjective(null, (q, d) => softmax(q, d).value, teacher(), 32, {
      ...{ labels: 1, embeddings: 1, ranking: 1, margins: 0, temperature: 0.1, teacher_temperature: 0.1 },
    } as never),
  );

const families: Record<string, () => Family> = {
  "a transformer with dropout": () => ({ encoder: transformer({}, 0.1), batch: tokens }),
  "a transformer whose embeddings and first layer are frozen": () => ({
    ...{ encoder: transformer({ frozenLayers: 1 }), batch: tokens },
  }),
  "a transformer that keeps layers' inputs alone": () => ({
    ...{ encoder: transformer({ checkpointed: true }, 0.1), batch: tokens },
  }),
  "a transformer in chunks": () => ({
    ...{ encoder: transformer({}, 0.1), batch: tokens, options: { chunkSize: 4 } },
  }),
  "a transformer that a teacher teaches": () => ({
    encoder: transformer(),
    batch: tokens,
    task: distilled(),
  }),
  "towers with convolutions and modality dropout": () => ({
    ...{ encoder: towers("picture", cnn, 0.3), batch: features },
  }),
  "towers with patches that an MLP mixes": () => ({
    ...{ encoder: towers("picture", patches("mlp")), batch: features },
  }),
  "towers with patches that attend": () => ({
    ...{ encoder: towers("picture", patches("attention")), batch: features },
  }),
  "towers with regions": () => ({ encoder: towers("parts", regions), batch: features }),
  "two towers over words, with an own loss": () => ({
    encoder: () => createEncoder(exampleSpec("TwoTower"), new Random(3)),
    ...{ batch: (seed: number) => exampleBatch(SIZE, seed), task: ownLoss },
  }),
};

/** Losses of some steps, and the parameters after them. */
function trained(make: () => Family, engine: "jit" | "tfjs") {
  const family = make();
  const encoder = family.encoder();
  const steps = plainSteps(engine, encoder, { batchSize: SIZE, threads: 1, cacheDir: null }, "as configured");
  const trainer = new Trainer(
    encoder,
    family.task ?? pairTask(softmax),
    createOptimizer({ kind: "sgd", learningRate: 0.1 }),
    { ...family.options, ...steps.options },
  );
  const losses = [1, 2, 3, 1, 2, 3].map((seed) =>
    trainer.trainStep({
      ...{ queries: family.batch(seed), documents: family.batch(seed + 10), queryIds: own, documentIds: own },
    }),
  ) as number[];
  const parameters = Object.values(parametersOf(encoder)).map(({ data }) => Float32Array.from(data));
  const facts = trainer.facts();
  trainer.close();
  encoder.dispose();
  return { losses, parameters, facts, measured: trainer.measurements() };
}

describe("training by graphs", () => {
  /** Rounding alone: losses near 2 to 2e-5, parameters to 1e-5 after six steps. (Adam would make steps of rounding.) */
  it.each(Object.entries(families))("follows tfjs with %s", (_, make) => {
    const [tfjs, jit] = [trained(make, "tfjs"), trained(make, "jit")];
    jit.losses.forEach((loss, step) => {
      expect(Math.abs(loss - tfjs.losses[step]!), `step ${step}`).toBeLessThan(2e-5);
    });
    jit.parameters.forEach((values, p) => {
      const apart = values.map((value, i) => Math.abs(value - tfjs.parameters[p]![i]!));
      expect(Math.max(...apart)).toBeLessThan(1e-5);
    });
    expect(jit.facts).toMatchObject({ provider: "cpu", threads: 1, fallbacks: 0 });
    expect(jit.facts["graph"]).toMatch(/^[0-9a-f]{64}$/);
    for (const [name, value] of Object.entries(tfjs.measured))
      expect(jit.measured[name], name).toBeCloseTo(value, 4);
  });

  it("gives the same numbers each time", () => {
    const make = families["a transformer with dropout"]!;
    const [once, again] = [trained(make, "jit"), trained(make, "jit")];
    expect(again.losses).toEqual(once.losses);
    expect(again.parameters).toEqual(once.parameters);
  });

  it("is what auto takes for attention, convolutions and wide layers, not for small towers", () => {
    const pays = (encoder: Encoder, batchSize: number) => {
      const answer = graphsPay(encoder, batchSize);
      encoder.dispose();
      return answer;
    };
    expect(pays(transformer()(), 32)).toBe(true);
    expect(pays(towers("picture", cnn)(), 32)).toBe(true);
    expect(pays(towers("parts", regions)(), 32)).toBe(true);
    const small = () => createEncoder(exampleSpec("TwoTower"), new Random(3));
    expect(pays(small(), 64)).toBe(false);
    expect(
      pays(createEncoder({ ...exampleSpec("TwoTower"), hiddenLayers: [600, 600] }, new Random(3)), 1024),
    ).toBe(true);
  });
});
