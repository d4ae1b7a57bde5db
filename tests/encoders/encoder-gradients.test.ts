import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { valueAndGradients } from "../../lib/engine/ops/gradients.js";
import { Random } from "../../lib/engine/random/random.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { batchTriplet } from "../../lib/losses/batch-triplet.js";
import { exampleBatch, exampleSpec, textEncoderKinds } from "./example-encoder.js";

const losses = [batchSoftmax({ temperature: 0.5 }), batchTriplet({ margin: 0.4, numNegatives: 3 })];

describe.each<BackendName>(["cpu", "wasm"])("gradients of encoders and losses on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  /**
   * Directional derivatives: for random directions, (L(x + h·u) − L(x − h·u)) / 2h against ⟨gradient, u⟩, for each
   * weight and each table. In float32 the loss carries about 2e-7, so h = 1e-3 leaves 2e-4 of rounding and, with
   * third derivatives of order one, 1e-6 of truncation; kinks of ReLU and margin crossed by ± h·u add a little.
   * 1e-2 of the derivative's scale is allowed.
   */
  const cases = [
    ...textEncoderKinds.map((kind) => [kind, exampleSpec(kind)] as const),
    ["TwoTower with token weights", { ...exampleSpec("TwoTower"), tokenWeights: "learned" }],
    ["MultiModalTwoTower with token weights", { ...exampleSpec("MultiModalTwoTower"), tokenWeights: "idf" }],
  ] as const;

  it.each(cases)("%s agrees with finite differences, weights and tables", (kind, spec) => {
    for (const loss of losses) {
      const encoder = createEncoder(spec, new Random(8));
      const weights = encoder.tables["token_weights"];
      weights?.setWeights(weights.weights.map((_, row) => 1 + 0.5 * Math.sin(row)));
      const batch = exampleBatch(6, 3);
      const compute = () => loss(encoder.embedQueries(batch), encoder.embedDocuments(batch)).value;
      const value = () => tf.tidy(() => compute().dataSync()[0]!);
      const { gradients } = valueAndGradients(compute, encoder);
      const random = new Random(4);
      const h = 1e-3;
      const check = (
        name: string,
        base: Float32Array,
        slope: Float32Array,
        set: (x: Float32Array) => void,
      ) => {
        const size = Math.sqrt(slope.reduce((sum, x) => sum + x * x, 0));
        for (let trial = 0; trial < 3; trial++) {
          const u = Float32Array.from(base, () => random.normal());
          const length = Math.sqrt(u.reduce((sum, x) => sum + x * x, 0));
          const along = slope.reduce((sum, x, i) => sum + (x * u[i]!) / length, 0);
          const at = (step: number) => {
            set(base.map((x, i) => x + (step * u[i]!) / length));
            return value();
          };
          const numeric = (at(h) - at(-h)) / (2 * h);
          set(base);
          expect(Math.abs(numeric - along), `${kind} ${name}`).toBeLessThan(1e-2 * Math.max(size, 0.05));
        }
      };
      for (const [name, weight] of Object.entries(encoder.weights))
        check(
          name,
          weight.dataSync().slice() as Float32Array,
          gradients[name]!.dataSync() as Float32Array,
          (x) => tf.tidy(() => weight.assign(tf.tensor(x, weight.shape))),
        );
      for (const [name, table] of Object.entries(encoder.tables)) {
        const { rows, values } = table.drainGradients();
        const slope = new Float32Array(table.rows * table.dim);
        rows.forEach((row, i) => {
          slope.set(values.subarray(i * table.dim, (i + 1) * table.dim), row * table.dim);
        });
        expect(slope.some((x) => x !== 0)).toBe(true);
        const frozen = table.weights;
        const padding = kind === "LinearEncoder" || name === "category" ? 0 : table.dim;
        check(name, frozen, slope, (x) => {
          x.fill(0, 0, padding);
          table.setWeights(x);
        });
      }
      encoder.dispose();
    }
  });
});
