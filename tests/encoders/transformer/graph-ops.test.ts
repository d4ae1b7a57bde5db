import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { attentionShares } from "../../../lib/encoders/transformer/attention-shares.js";
import { denseRows } from "../../../lib/encoders/transformer/dense-rows.js";
import { feedForward } from "../../../lib/encoders/transformer/feed-forward.js";
import { fusedLayerNorm } from "../../../lib/encoders/transformer/fused-layer-norm.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { GraphCompiler } from "../../../lib/engine/jit/graph-compiler.js";
import { kernelGroups } from "../../../lib/engine/jit/kernel-table.js";
import { record } from "../../../lib/engine/jit/record.js";
import { linear } from "../../../lib/engine/ops/linear.js";
import { Random } from "../../../lib/engine/random/random.js";

beforeAll(async () => void (await selectBackend("wasm")));

type Shape = number[];
interface Op {
  shapes(rows: number, width: number): Shape[];
  f(...inputs: tf.Tensor[]): tf.Tensor;
  /** place of an input without gradient */
  fixed?: number;
}

/** Ops that have a form of their own in graphs; on wasm they run in the engine's kernels. */
const ops: Record<string, Op> = {
  denseRows: {
    shapes: (rows, width) => [[rows, width], [5, width], [5]],
    f: (x, w, b) => denseRows(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
  },
  linear: {
    shapes: (rows, width) => [[rows, width], [width, 5], [5]],
    f: (x, w, b) => linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, true),
  },
  feedForward: {
    shapes: (rows, width) => [[rows, width], [3 * width, width], [3 * width], [width, 3 * width], [width]],
    f: (x, w1, b1, w2, b2) =>
      feedForward(
        x as tf.Tensor2D,
        { weight: w1 as tf.Tensor2D, bias: b1 as tf.Tensor1D },
        { weight: w2 as tf.Tensor2D, bias: b2 as tf.Tensor1D },
      ),
  },
  fusedLayerNorm: {
    shapes: (rows, width) => [[rows, width], [width], [width]],
    f: (x, scale, shift) =>
      fusedLayerNorm(x as tf.Tensor2D, scale as tf.Tensor1D, shift as tf.Tensor1D, 1e-5),
  },
  attentionShares: {
    shapes: (rows, width) => [
      [rows, 2, width, width],
      [rows, 1, 1, width],
    ],
    f: (products, hide) => attentionShares(products as tf.Tensor4D, tf.mul(tf.step(hide!), -1e9), 0.3),
    fixed: 1,
  },
};
const seen = new Set<string>();

test.each(Object.entries(ops))(
  "%s in a graph has wasm's values and gradients",
  (name, { shapes, f, fixed }) => {
    const compiler = new GraphCompiler({ threads: 1, tell: (line) => expect.fail(line) });
    for (let trial = 0; trial < 3; trial++) {
      const random = new Random(trial).fork(name);
      const inputs = shapes(1 + random.int(6), 4 * (1 + random.int(3))).map((shape) => {
        const length = shape.reduce((a, b) => a * b, 1);
        return tf.tensor(
          Float32Array.from({ length }, () => random.normal()),
          shape,
        );
      });
      const loss = () => {
        const y = f(...inputs);
        const weights = Float32Array.from({ length: y.size }, (_, i) => Math.cos(i + 1));
        return tf.sum(tf.mul(y, tf.tensor(weights, y.shape))) as tf.Scalar;
      };
      const by = inputs.filter((_, place) => place !== fixed);
      const demand = { compute: () => [loss()], by };
      const all = { silent: true, gradients: true, whole: true };
      const key = tf.tidy(() => record(demand, all).key as never) as string;
      for (const kernel of Object.keys(kernelGroups["composites"]!))
        if (key.includes(`${kernel} `)) seen.add(kernel);
      const got = compiler.gradients(loss, by);
      const { value, grads } = tf.engine().gradients(loss, by);
      [value, ...grads].forEach((want, i) => {
        const mine = [got.value, ...got.gradients][i]!.dataSync();
        const scale = Math.max(1, ...Array.from(want.dataSync(), Math.abs));
        want.dataSync().forEach((entry, at) => {
          expect(Math.abs(entry - mine[at]!) / scale, `${name} ${i} ${at}`).toBeLessThan(1e-5);
        });
      });
    }
    compiler.dispose();
  },
);

test("every op that only graphs have is in one of them", () => {
  expect([...seen].sort()).toEqual(Object.keys(kernelGroups["composites"]!).sort());
});
