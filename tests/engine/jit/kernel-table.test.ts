import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { GraphCompiler } from "../../../lib/engine/jit/graph-compiler.js";
import { kernelTable } from "../../../lib/engine/jit/kernel-table.js";
import { record } from "../../../lib/engine/jit/record.js";
import { Random } from "../../../lib/engine/random/random.js";
import { registerWasmGradients } from "../../../lib/engine/wasm-gradients/register.js";

beforeAll(async () => {
  await selectBackend("wasm");
  registerWasmGradients();
});

type Shape = number[];
type Tensors = tf.Tensor[];
/** Shapes of inputs drawn anew for every trial, and the function of such inputs. */
interface Case {
  shapes(random: Random): Shape[];
  f(...inputs: Tensors): tf.Tensor | tf.Tensor[];
  /** range that inputs are drawn from, default [−2, 2] */
  from?: [number, number];
  /** compared by value alone: what has no gradient in tfjs */
  flat?: boolean;
  /** compared with tfjs's plain backend: wasm's kernel is wrong at padded edges, and in one-hot rows of other numbers */
  plain?: boolean;
}

const size = (random: Random, most = 5) => 1 + random.int(most);
const any = (random: Random): Shape => Array.from({ length: 1 + random.int(3) }, () => size(random));
const one = (random: Random) => [any(random)];
const alike = (random: Random) => Array<Shape>(2).fill(any(random));
const pair = (random: Random): Shape[] => {
  const shape = any(random);
  const narrow = shape.map((length) => (random.int(2) === 0 ? 1 : length)).slice(random.int(shape.length));
  return random.int(2) === 0 ? [shape, narrow] : [narrow, shape];
};
const unary = (f: (x: tf.Tensor) => tf.Tensor, from?: [number, number]): Case => ({
  shapes: one,
  f: f as Case["f"],
  ...(from && { from }),
});
const binary = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, from?: [number, number]): Case => ({
  shapes: pair,
  f: f as Case["f"],
  ...(from && { from }),
});
const flat = (given: Case): Case => ({ ...given, flat: true });
const matrix = (random: Random) => [[size(random), size(random)]];
const picture = (random: Random) => [
  [size(random, 2), 4 + random.int(4), 4 + random.int(4), size(random, 3)],
];
const withFilter = (random: Random): Shape[] => {
  const [x] = picture(random) as [Shape];
  return [x, [1 + random.int(3), 1 + random.int(3), x[3]!, size(random, 3)]];
};
const real = (x: tf.Tensor) => tf.cast(x, "float32");
const positive: [number, number] = [0.3, 3];

const dense: Case = {
  shapes: (random) => {
    const [n, m, k] = [size(random), size(random), size(random)];
    return [[n, k], [k, m], [m]];
  },
  f: (a, b, bias) =>
    (["linear", "relu", "relu6", "sigmoid", "elu"] as const).map((activation) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: bias!, activation }),
    ),
};

const cases: Record<string, Case> = {
  abs: unary(tf.abs),
  acos: unary(tf.acos, [-0.9, 0.9]),
  acosh: unary(tf.acosh, [1.2, 3]),
  asin: unary(tf.asin, [-0.9, 0.9]),
  asinh: unary(tf.asinh),
  atan: unary(tf.atan),
  atanh: unary(tf.atanh, [-0.9, 0.9]),
  ceil: unary(tf.ceil),
  cos: unary(tf.cos),
  cosh: unary(tf.cosh),
  elu: unary(tf.elu),
  erf: unary(tf.erf),
  exp: unary(tf.exp),
  expm1: unary(tf.expm1),
  floor: unary(tf.floor),
  log: unary(tf.log, positive),
  log1p: unary(tf.log1p, [-0.5, 3]),
  "log1p near 0": unary(tf.log1p, [-1e-6, 1e-6]),
  neg: unary(tf.neg),
  reciprocal: unary(tf.reciprocal, positive),
  relu: unary(tf.relu),
  relu6: unary((x) => tf.relu6(tf.mul(x, 5))),
  round: unary(tf.round),
  rsqrt: unary(tf.rsqrt, positive),
  selu: unary(tf.selu),
  sigmoid: unary(tf.sigmoid),
  sign: unary(tf.sign),
  sin: unary(tf.sin),
  sinh: unary(tf.sinh),
  softplus: unary(tf.softplus),
  sqrt: unary(tf.sqrt, positive),
  square: unary(tf.square),
  step: unary((x) => tf.step(x, 0.25)),
  tan: unary(tf.tan, [-1, 1]),
  tanh: unary(tf.tanh),
  "leaky relu": unary((x) => tf.leakyRelu(x, 0.1)),
  clip: unary((x) => tf.clipByValue(x, -1, 0.5)),
  clone: unary((x) => tf.mul(tf.clone(x), tf.clone(x))),
  cast: flat(unary((x) => real(tf.cast(x, "int32")))),
  "cast of truth": flat(unary((x) => real(tf.cast(tf.cast(tf.step(x), "bool"), "int32")))),
  finite: flat(unary((x) => real(tf.isFinite(tf.log(x))))),
  "not a number": flat(unary((x) => real(tf.isNaN(tf.log(x))))),
  infinite: flat(unary((x) => real(tf.isInf(tf.log(tf.relu(x)))))),
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  div: binary(tf.div, positive),
  // tfjs's gradients of these do not broadcast
  maximum: { shapes: alike, f: (a, b) => tf.maximum(a!, b!) },
  minimum: { shapes: alike, f: (a, b) => tf.minimum(a!, b!) },
  mod: flat(binary(tf.mod, positive)),
  "floor div": flat(binary(tf.floorDiv, positive)),
  "floor div of integers": flat(
    binary((a, b) =>
      real(tf.floorDiv(tf.cast(tf.mul(a, 3), "int32"), tf.cast(tf.add(tf.abs(b), 1), "int32"))),
    ),
  ),
  pow: binary(tf.pow, positive),
  "powers by number": unary(
    (x) => tf.addN([-1, 0.5, 1, 1.5, 2, 3, 2.2].map((power) => tf.pow(x, power))),
    positive,
  ),
  "squared difference": binary(tf.squaredDifference),
  atan2: binary(tf.atan2, positive),
  "atan2 of every quadrant": flat(binary(tf.atan2)),
  prelu: {
    shapes: (random) => {
      const [shape] = one(random) as [Shape];
      return [shape, [shape.at(-1)!]];
    },
    f: (x, slope) => tf.prelu(x!, slope!),
  },
  "add n": { shapes: (random) => Array<Shape>(3).fill(any(random)), f: (...terms) => tf.addN(terms) },
  comparisons: flat(
    binary((a, b) => {
      const whole = [tf.round(a), tf.round(b)] as [tf.Tensor, tf.Tensor];
      const all = [tf.equal, tf.notEqual, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual];
      return tf.addN(all.map((compare, i) => tf.mul(real(compare(...whole)), 1 << i)));
    }),
  ),
  logic: flat(
    binary((a, b) => {
      const [p, q] = [tf.greater(a, 0), tf.greater(b, 0)];
      const all = [
        tf.logicalAnd(p, q),
        tf.logicalOr(p, q),
        tf.logicalNot(tf.logicalAnd(p, q)),
        tf.logicalXor(p, q),
      ];
      return tf.addN(all.map((truth, i) => tf.mul(real(truth), 1 << i)));
    }),
  ),
  where: {
    shapes: alike,
    f: (a, b) => {
      const marks = tf.tensor(
        Int32Array.from({ length: a!.size }, (_, i) => i % 2),
        a!.shape,
        "bool",
      );
      return tf.where(marks, tf.square(a!), b!);
    },
  },
  sum: unary((x) => tf.add(tf.sum(tf.square(x), 0, true), tf.sum(x))),
  mean: unary((x) => tf.add(tf.mean(tf.square(x), -1, true), tf.mean(x))),
  "mean of integers": flat(unary((x) => tf.mean(tf.cast(tf.mul(x, 3), "int32")))),
  max: unary((x) => tf.max(x, -1)),
  min: unary((x) => tf.min(x, 0, true)),
  prod: flat(unary((x) => tf.prod(x, x.rank - 1))),
  "all and any": flat(
    unary((x) => tf.add(real(tf.all(tf.greater(x, -1), 0)), real(tf.any(tf.greater(x, 1), 0)))),
  ),
  places: flat(unary((x) => tf.add(real(tf.argMax(x, -1)), tf.mul(real(tf.argMin(x, -1)), 10)))),
  cumsum: unary((x) => tf.add(tf.cumsum(x, 0), tf.cumsum(tf.square(x), x.rank - 1, true, true))),
  softmax: unary((x) => tf.softmax(x)),
  "log softmax": unary((x) => tf.logSoftmax(x)),
  "log sum exp": unary((x) => tf.logSumExp(x, -1)),
  "top k": flat({
    shapes: (random) => [[size(random), 3 + random.int(3)]],
    f: (x) => {
      const { values, indices } = tf.topk(x!, 2);
      return [values, real(indices)];
    },
  }),
  reshape: unary((x) => tf.square(tf.reshape(tf.mul(x, 2), [-1]))),
  "expand dims": unary((x) => tf.mul(tf.expandDims(x, 0), tf.expandDims(x, -2))),
  transpose: {
    shapes: (random) => [[size(random), size(random), size(random)]],
    f: (x) => tf.exp(tf.transpose(x!, [2, 0, 1])),
  },
  slice: {
    shapes: (random) => [[2 + random.int(3), 3 + random.int(3)]],
    f: (x) => tf.square(tf.slice(x!, [1, 0], [1, 2])),
  },
  "strided slice": {
    shapes: (random) => [[2 + random.int(3), 5 + random.int(3)]],
    f: (x) => tf.stridedSlice(x!, [0, 1], [2, 5], [1, 2]),
    flat: true,
  },
  concat: {
    shapes: (random) => {
      const [rows, a, b] = [size(random), size(random), size(random)];
      return [
        [rows, a],
        [rows, b],
      ];
    },
    f: (a, b) => tf.square(tf.concat([a!, b!, a!], 1)),
  },
  stack: {
    shapes: (random) => Array<Shape>(2).fill(any(random)),
    f: (a, b) => tf.exp(tf.stack([a!, b!], -1)),
  },
  unstack: {
    shapes: (random) => [[3, size(random)]],
    f: (x) => tf.unstack(x!, 0).reduce((sum, part, i) => tf.add(sum, tf.mul(part, i + 1))),
  },
  split: {
    shapes: (random) => [[size(random), 6]],
    f: (x) => {
      const [a, b, c] = tf.split(x!, [1, 2, 3], 1);
      return [tf.square(a!), tf.exp(b!), c!];
    },
  },
  tile: unary((x) =>
    tf.exp(
      tf.tile(
        x,
        x.shape.map((_, i) => 1 + (i % 2)),
      ),
    ),
  ),
  "tile of one entry": { shapes: (random) => [[size(random), 1]], f: (x) => tf.square(tf.tile(x!, [1, 3])) },
  "broadcast to": {
    shapes: (random) => [[1, size(random)]],
    f: (x) => tf.exp(tf.broadcastTo(x!, [3, x!.shape[1]!])),
  },
  pad: {
    shapes: matrix,
    f: (x) =>
      tf.exp(
        tf.pad(
          x!,
          [
            [1, 0],
            [2, 1],
          ],
          0.5,
        ),
      ),
  },
  reverse: unary((x) => tf.mul(tf.reverse(x, 0), x)),
  range: unary((x) => tf.add(tf.mul(x, tf.range(0, x.shape.at(-1)!)), real(tf.range(7, 1, -7, "int32")))),
  fill: unary((x) => tf.add(tf.mul(x, tf.fill(x.shape, 3)), tf.sub(tf.onesLike(x), tf.zerosLike(x)))),
  ones: unary((x) =>
    tf.mul(tf.matMul(tf.ones([2, x.size]), tf.reshape(x, [x.size, 1])), tf.zeros([2, 1]).add(2)),
  ),
  "matrix products, turned and not": {
    shapes: (random) => {
      const [n, m, k] = [size(random), size(random), size(random)];
      return [
        [n, k],
        [k, m],
        [m, k],
        [k, n],
      ];
    },
    f: (a, b, bt, at) => {
      type M = tf.Tensor2D;
      return tf.addN([
        tf.matMul(a as M, b as M),
        tf.matMul(a as M, bt as M, false, true),
        tf.matMul(at as M, b as M, true, false),
        tf.matMul(at as M, bt as M, true, true),
      ]);
    },
  },
  "stacks of products": {
    shapes: (random) => {
      const [b, n, m, k] = [size(random, 3), size(random), size(random), size(random)];
      return [
        [b, 2, n, k],
        [b, 2, m, k],
      ];
    },
    f: (a, b) => tf.matMul(a as tf.Tensor4D, b as tf.Tensor4D, false, true),
  },
  "a product added to what has its shape": {
    shapes: (random) => {
      const [n, m, k] = [size(random), size(random), size(random)];
      return [
        [n, k],
        [k, m],
        [n, m],
      ];
    },
    f: (a, b, c) => tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), c!),
  },
  "dense layers": dense,
  "dense layers without gradients": flat(dense),
  einsum: flat({
    shapes: (random) => {
      const [n, m, k] = [size(random), size(random), size(random)];
      return [
        [n, k],
        [m, k],
      ];
    },
    f: (a, b) => tf.einsum("ik,jk->ij", a!, b!),
  }),
  gather: {
    shapes: (random) => [[4, size(random)]],
    f: (x) => tf.exp(tf.gather(x!, tf.tensor1d([2, 0, 2, 3], "int32"))),
  },
  "gather nd": flat({
    shapes: (random) => [[4, 3, size(random)]],
    f: (x) =>
      tf.gatherND(
        x!,
        tf.tensor2d(
          [
            [2, 1],
            [0, 0],
            [3, 2],
          ],
          [3, 2],
          "int32",
        ),
      ),
  }),
  "scatter nd": flat({
    shapes: (random) => [[3, size(random)]],
    f: (x) => tf.scatterND(tf.tensor2d([[2], [0], [2]], [3, 1], "int32"), x!, [4, x!.shape[1]!]),
  }),
  "segment sum": {
    shapes: (random) => [[4, size(random)]],
    f: (x) => tf.unsortedSegmentSum(tf.square(x!), tf.tensor1d([1, 0, 1, 2], "int32"), 4),
  },
  "one hot": flat({
    plain: true,
    shapes: (random) => [[size(random)]],
    f: (x) => [
      real(tf.oneHot(tf.cast(tf.mul(x!, 2), "int32") as tf.Tensor1D, 3)),
      tf.oneHot(tf.cast(tf.abs(x!), "int32") as tf.Tensor1D, 2, 2, -1, "float32"),
    ],
  }),
  "conv2d, same": {
    shapes: withFilter,
    f: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same"),
  },
  "conv2d, stride 2": {
    shapes: withFilter,
    f: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, "same"),
  },
  "conv2d, valid": {
    shapes: withFilter,
    f: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], "valid"),
  },
  "max pool": { plain: true, shapes: picture, f: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "same") },
  "max pool that overlaps": { shapes: picture, f: (x) => tf.maxPool(x as tf.Tensor4D, 3, 1, "valid") },
  "mean pool": { plain: true, shapes: picture, f: (x) => tf.avgPool(x as tf.Tensor4D, 3, 2, "same") },
  "batch norm": {
    shapes: (random) => {
      const [x] = picture(random) as [Shape];
      return [x, [x[3]!], [x[3]!]];
    },
    f: (x, mean, scale) => {
      const variance = tf.add(tf.square(mean!), 0.5) as tf.Tensor1D;
      return tf.batchNorm(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance,
        mean as tf.Tensor1D,
        scale as tf.Tensor1D,
      );
    },
  },
};

/** Ops of the project's own; encoders' tests compare them with what they stand for. */
const composed = Object.keys(kernelTable).filter((kernel) => kernel.startsWith("Graph"));
const seen = new Set<string>(["Identity"]);
const trials = 2;

test.each(Object.entries(cases))(
  "%s has tfjs's values and gradients",
  (name, { shapes, f, from, flat, plain: onPlain = false }) => {
    const compiler = new GraphCompiler({ threads: 1, tell: (line) => expect.fail(`${name}: ${line}`) });
    for (let trial = 0; trial < trials; trial++) {
      const random = new Random(trial + 1).fork(name);
      const [low, high] = from ?? [-2, 2];
      const numbers = shapes(random).map((shape) => {
        const length = shape.reduce((a, b) => a * b, 1);
        return { shape, values: Float32Array.from({ length }, () => low + (high - low) * random.next()) };
      });
      const weigh = (outputs: tf.Tensor | tf.Tensor[]) =>
        tf.addN(
          (Array.isArray(outputs) ? outputs : [outputs]).map((output) => {
            const weights = Float32Array.from({ length: output.size }, (_, i) => Math.cos(i + 1));
            return tf.sum(tf.mul(output, tf.tensor(weights, output.shape)));
          }),
        ) as tf.Scalar;
      const plain = (compute: () => tf.Tensor[]) =>
        tf.tidy(() => compute().map((x) => Array.from(x.dataSync())));
      const inputs = numbers.map(({ values, shape }) => tf.tensor(values, shape));
      const asList = () => [f(...inputs)].flat();
      const demand = { compute: flat ? asList : () => [weigh(f(...inputs))], by: flat ? null : inputs };
      const all = { silent: true, gradients: true, whole: true };
      for (const line of tf.tidy(() => record(demand, all).key).split("\n")) {
        const kernel = /^\w+/.exec(line)?.[0] ?? "";
        if (kernel in kernelTable) seen.add(kernel);
      }
      let got: number[][];
      let want: number[][];
      if (flat) {
        got = plain(() => compiler.evaluate(asList));
        want = onReference(onPlain, () =>
          plain(() => [f(...numbers.map(({ values, shape }) => tf.tensor(values, shape)))].flat()),
        );
      } else {
        const both = ({ value, gradients }: ReturnType<GraphCompiler["gradients"]>) =>
          [value, ...gradients.map((gradient) => gradient!)].map((x) => Array.from(x.dataSync()));
        got = both(compiler.gradients(() => weigh(f(...inputs)), inputs));
        want = onReference(onPlain, () => {
          const own = numbers.map(({ values, shape }) => tf.tensor(values, shape));
          const { value, grads } = tf.valueAndGrads((...x: tf.Tensor[]) => weigh(f(...x)))(own);
          return [value, ...grads].map((x) => Array.from(x.dataSync()));
        });
      }
      got.forEach((list, i) => {
        expect(list).toHaveLength(want[i]!.length);
        const scale = Math.max(1, ...want[i]!.filter(Number.isFinite).map(Math.abs));
        list.forEach((value, j) => {
          const wanted = want[i]![j]!;
          if (Number.isFinite(wanted))
            expect(Math.abs(value - wanted) / scale, `${name} ${i} ${j}`).toBeLessThan(2e-5);
          else expect(value).toBe(wanted);
        });
      });
    }
    compiler.dispose();
  },
);

test("every kernel of the table is in one of the cases", () => {
  const missing = Object.keys(kernelTable).filter(
    (kernel) => !seen.has(kernel) && !composed.includes(kernel),
  );
  expect(missing).toEqual([]);
});

/** On wasm, or on tfjs's plain backend where wasm lacks a kernel. */
function onReference<T>(onPlain: boolean, compute: () => T): T {
  try {
    if (!onPlain) return compute();
  } catch (error) {
    if (!/not registered for backend 'wasm'/.test(String(error))) throw error;
  }
  void tf.setBackend("cpu");
  try {
    return compute();
  } finally {
    void tf.setBackend("wasm");
  }
}
