import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { installWasmMatMul } from "../../../lib/engine/ops/wasm-matmul.js";
import { Random } from "../../../lib/engine/random/random.js";

describe("installWasmMatMul", () => {
  it("gives the cpu backend's products and gradients, transposed or not, in any number of batches", async () => {
    const random = new Random(2);
    const values = (size: number) => Float32Array.from({ length: size }, () => random.normal());
    const cases: { a: number[]; b: number[]; data: [Float32Array, Float32Array] }[] = [];
    for (const batch of [[], [3], [2, 3]])
      for (const [m, k, n] of [
        [1, 1, 1],
        [5, 7, 4],
        [16, 33, 9],
      ] as const)
        cases.push({
          a: [...batch, m, k],
          b: [...batch, k, n],
          data: [values(batch.reduce((x, y) => x * y, m * k)), values(batch.reduce((x, y) => x * y, k * n))],
        });
    const results = async (backend: "cpu" | "wasm") => {
      await selectBackend(backend);
      expect(installWasmMatMul()).toBe(backend === "wasm");
      const before = tf.memory().numTensors;
      const all = cases.flatMap(({ a, b, data }) =>
        [false, true].flatMap((transposeA) =>
          [false, true].map((transposeB) =>
            tf.tidy(() => {
              const swap = (shape: number[], yes: boolean) =>
                yes ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
              const x = tf.tensor(data[0], swap(a, transposeA));
              const y = tf.tensor(data[1], swap(b, transposeB));
              const product = (p: tf.Tensor, q: tf.Tensor) => tf.matMul(p, q, transposeA, transposeB);
              const [dx, dy] = tf.grads((p, q) => tf.sum(tf.square(product(p!, q!))))([x, y]);
              return [product(x, y), dx!, dy!].map((t) => Array.from(t.dataSync()));
            }),
          ),
        ),
      );
      expect(tf.memory().numTensors).toBe(before);
      return all;
    };
    const cpu = await results("cpu");
    const wasm = await results("wasm");
    let worst = 0;
    const [expected, actual] = [cpu.flat(), wasm.flat()];
    for (const [i, each] of expected.entries())
      for (const [j, value] of each.entries())
        worst = Math.max(worst, Math.abs(actual[i]![j]! - value) / Math.max(1, Math.abs(value)));
    expect(worst).toBeLessThan(1e-4); // sums of up to 33 products, and products of those, in another order
  });
});
