import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { attentionShares } from "../../../lib/encoders/transformer/attention-shares.js";
import { columnSums } from "../../../lib/encoders/transformer/column-sums.js";
import { denseRows } from "../../../lib/encoders/transformer/dense-rows.js";
import { fusedLayerNorm } from "../../../lib/encoders/transformer/fused-layer-norm.js";
import { gelu } from "../../../lib/encoders/transformer/gelu.js";
import { installSharedIdentity } from "../../../lib/encoders/transformer/shared-identity.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { expectKernelsAsBuilt } from "../../support/kernels.js";
import { expectClose } from "../../support/vectors.js";

const random = new Random(6);
const normals = (size: number, spread = 1) =>
  Float32Array.from({ length: size }, () => spread * random.normal());

/** Values and gradients on the cpu backend, in tfjs's own operations, and on wasm, in kernels. */
async function onBoth(compute: () => number[][]): Promise<{ cpu: number[][]; wasm: number[][] }> {
  const results: Record<string, number[][]> = {};
  for (const backend of ["cpu", "wasm"] as const) {
    await selectBackend(backend);
    installSharedIdentity();
    const before = tf.memory().numTensors;
    results[backend] = tf.tidy(compute);
    expect(tf.memory().numTensors).toBe(before);
  }
  return results as { cpu: number[][]; wasm: number[][] };
}

function valueAndSlopes(
  op: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  weights: Float32Array,
): number[][] {
  const value = op(...inputs);
  const loss = (...args: tf.Tensor[]) => tf.sum(tf.mul(op(...args), tf.tensor(weights, value.shape)));
  const slopes = tf.grads(loss as never)(inputs);
  return [value, ...slopes].map((tensor) => Array.from(tensor.dataSync()));
}

describe("layer kernels on wasm agree with tfjs's operations on cpu", () => {
  it("gelu, where it is flat, and in sizes that no kernel takes", async () => {
    for (const size of [40, 41]) {
      const x = normals(size, 2);
      x.set([0, -0, 40, -40, 13, -13], 0);
      const weights = normals(size);
      const { cpu, wasm } = await onBoth(() => valueAndSlopes((a) => gelu(a!), [tf.tensor1d(x)], weights));
      // both know the error function to 1.5e-7, times x up to 40
      expectClose(wasm, cpu, 4e-6);
      expectClose(wasm[0]!.slice(2, 4), [40, 0], 1e-30);
    }
  });

  it("gelu is x Φ(x)", async () => {
    await selectBackend("wasm");
    // scipy.stats.norm.cdf of −3, −1, 0.5, 2
    const phi = [0.0013498980316301, 0.1586552539314571, 0.6914624612740131, 0.9772498680518208];
    const x = [-3, -1, 0.5, 2];
    expectClose(
      gelu(tf.tensor1d(x)).dataSync(),
      x.map((value, i) => value * phi[i]!),
      4e-7,
    );
  });

  it("layer norm, with widths that no kernel takes and rows of equal values", async () => {
    for (const width of [8, 6]) {
      const [x, scale, shift, weights] = [
        normals(5 * width, 3),
        normals(width),
        normals(width),
        normals(5 * width),
      ];
      x.fill(2, 0, width);
      const { cpu, wasm } = await onBoth(() =>
        valueAndSlopes(
          (a, b, c) => fusedLayerNorm(a as tf.Tensor2D, b as tf.Tensor1D, c as tf.Tensor1D, 1e-5),
          [tf.tensor2d(x, [5, width]), tf.tensor1d(scale!), tf.tensor1d(shift!)],
          weights!,
        ),
      );
      // the row of equal values is divided by √1e-5, so its gradient is some 300 times a usual one
      expectClose(wasm, cpu, 2e-4);
    }
  });

  it("attention, in all lengths, with padding and large scores", async () => {
    for (const T of [1, 3, 4, 6, 9]) {
      const x = normals(2 * 2 * T * T, 5);
      const hide = Float32Array.from({ length: 2 * T }, (_, i) => (i % T > 0 && i >= T ? -1e9 : 0));
      const weights = normals(x.length);
      const { cpu, wasm } = await onBoth(() =>
        valueAndSlopes(
          (a) => attentionShares(a as tf.Tensor4D, tf.tensor(hide, [2, 1, 1, T]), 0.7),
          [tf.tensor4d(x, [2, 2, T, T])],
          weights,
        ),
      );
      expectClose(wasm, cpu, 2e-6);
    }
  });

  it("dense layers and sums over rows", async () => {
    const [x, weight, bias, weights] = [normals(7 * 5), normals(6 * 5), normals(6), normals(7 * 6)];
    const { cpu, wasm } = await onBoth(() =>
      valueAndSlopes(
        (a, b, c) => denseRows(a as tf.Tensor2D, b as tf.Tensor2D, c as tf.Tensor1D),
        [tf.tensor2d(x, [7, 5]), tf.tensor2d(weight, [6, 5]), tf.tensor1d(bias)],
        weights,
      ),
    );
    expectClose(wasm, cpu, 5e-6);
    expectClose(
      columnSums(tf.tensor2d(x, [7, 5])).dataSync(),
      Array.from({ length: 5 }, (_, d) =>
        Array.from({ length: 7 }, (_, n) => x[n * 5 + d]!).reduce((a, b) => a + b),
      ),
      2e-6,
    );
  });

  it("a clone keeps its values when the original goes", async () => {
    await selectBackend("wasm");
    installSharedIdentity();
    const original = tf.tensor1d([1, 2, 3]);
    const clone = tf.clone(original);
    original.dispose();
    const other = tf.tensor1d([7, 8, 9]);
    expect(Array.from(clone.dataSync())).toEqual([1, 2, 3]);
    tf.dispose([clone, other]);
  });
});

describe("compiled layer kernels", () => {
  it("are what their source compiles to", async () => {
    await expectKernelsAsBuilt("lib/encoders", ["layers.wasm", "layers-fma.wasm"]);
  });
});
