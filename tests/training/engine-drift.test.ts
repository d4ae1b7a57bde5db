import { beforeAll, expect, it } from "vitest";
import { parametersOf } from "../../lib/encoders/parameters.js";
import { smallArchitecture } from "../../lib/encoders/transformer/architecture.js";
import { TransformerEncoder } from "../../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import type { PairBatch } from "../../lib/experiment/pairs.js";
import { tokenColumn } from "../../lib/features/token-column.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { plainSteps } from "../../lib/training/choose-trainer.js";
import { pairTask } from "../../lib/training/objectives/batch-task.js";
import { Trainer } from "../../lib/training/trainer.js";

beforeAll(async () => void (await selectBackend("wasm")));

const [SIZE, WORDS, STEPS] = [6, 40, 200];

/** A transformer of one layer with dropout, before its first step. */
function begun(engine: "jit" | "tfjs") {
  const encoder = new TransformerEncoder(
    {
      architecture: smallArchitecture(WORDS, 16, 1, {
        ...{ maxPositionEmbeddings: 8, hiddenDropout: 0.1, attentionDropout: 0.1 },
      }),
      ...{ pooling: "mean", normalize: true, sides: "shared" },
      ...{ queryTextFeature: "text", documentTextFeature: "text" },
    },
    new Random(1),
  );
  const { options } = plainSteps(
    engine,
    encoder,
    { batchSize: SIZE, threads: 1, cacheDir: null },
    "as configured",
  );
  const optimizer = createOptimizer({ kind: "adamw", learningRate: 1e-3 });
  return new Trainer(encoder, pairTask(batchSoftmax({ temperature: 0.2 })), optimizer, options);
}

/** Queries whose documents share words with them: there is something to learn. Lengths are those of a bucket. */
function batch(step: number): PairBatch {
  const random = new Random(step % 20);
  const words = Array.from({ length: SIZE }, () =>
    Array.from({ length: 8 }, () => 1 + random.int(WORDS - 1)),
  );
  const column = (cut: number) => {
    const rows = words.map((ids) => ({
      ids: Int32Array.from(ids, (id, i) => (i < cut ? id : 1 + random.int(WORDS - 1))),
      typeIds: new Uint8Array(8),
    }));
    return { size: SIZE, columns: { text: tokenColumn(rows) } };
  };
  const own = Int32Array.from({ length: SIZE }, (_, i) => i);
  return { queries: column(8), documents: column(5), queryIds: own, documentIds: own };
}

const steps = (trainer: Trainer, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => trainer.trainStep(batch(from + i))!);
const parameters = (trainer: Trainer) =>
  Object.entries(parametersOf(trainer.encoder)).map(
    ([name, { data }]) => [name, Float32Array.from(data)] as const,
  );

it("drifts from tfjs by rounding alone over 200 steps of training", () => {
  const [tfjs, jit] = [begun("tfjs"), begun("jit")];
  const [want, got] = [steps(tfjs, 0, STEPS), steps(jit, 0, STEPS)];
  expect(want.at(-1)!).toBeLessThan(want[0]! - 0.3); // it learned
  const apart = want.map((loss, step) => Math.abs(loss - got[step]!));
  expect(Math.max(...apart)).toBeLessThan(5e-6); // seen: 4e-7 of 1.2
  const other = new Map(parameters(jit));
  let [distance, length] = [0, 0];
  for (const [name, values] of parameters(tfjs))
    values.forEach((value, i) => {
      distance += (value - other.get(name)![i]!) ** 2;
      length += value ** 2;
    });
  expect(Math.sqrt(distance / length)).toBeLessThan(2e-5); // seen: 1.6e-6
  for (const trainer of [tfjs, jit]) trainer.close();
});

it("goes on from a checkpoint to the same bytes", () => {
  const [whole, cut] = [begun("jit"), begun("jit")];
  steps(whole, 0, 5);
  whole.state(); // a checkpoint brings rows up to date, also in the run that goes on
  const losses = steps(whole, 5, 12);
  steps(cut, 0, 5);
  const [state, random] = [cut.state(), cut.randomState()];
  const resumed = begun("jit");
  resumed.restore({
    ...state,
    parameters: Object.fromEntries(
      Object.entries(parametersOf(cut.encoder)).map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data) },
      ]),
    ),
    optimizer: state.optimizer as Record<string, Float32Array>,
  });
  resumed.setRandomState(random);
  expect(steps(resumed, 5, 12)).toEqual(losses);
  expect(parameters(resumed)).toEqual(parameters(whole));
  for (const trainer of [whole, cut, resumed]) trainer.close();
});
