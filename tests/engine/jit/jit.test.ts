import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { GraphCompiler } from "../../../lib/engine/jit/graph-compiler.js";
import { jit, jitGradients } from "../../../lib/engine/jit/jit.js";
import { EmbeddingTable } from "../../../lib/engine/tables/embedding-table.js";

beforeAll(async () => {
  await selectBackend("wasm");
});

const values = (tensor: tf.Tensor) => Array.from(tensor.dataSync());
const close = (got: tf.Tensor, want: tf.Tensor) => {
  expect(got.shape).toEqual(want.shape);
  const [a, b] = [values(got), values(want)];
  const scale = Math.max(1e-6, ...b.map(Math.abs));
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i]!) / scale).toBeLessThan(1e-5);
  });
};
const noise = (seed: number, ...shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", seed);

test("a function's values are tfjs's, and its graph is made once a shape", () => {
  const f = (x: tf.Tensor, y: tf.Tensor) => tf.softmax(tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D));
  const fast = jit(f, { threads: 1 });
  for (const rows of [3, 5, 3, 5]) {
    const [x, y] = [noise(1, rows, 4), noise(2, 4, 6)];
    close(fast(x, y), f(x, y));
  }
  expect(fast.info()).toMatchObject({ graphs: 2, open: 2, runs: 4, fallbacks: 0, threads: 1 });
  fast.dispose();
});

test("gradients by inputs and by variables are tfjs's", () => {
  const w = tf.variable(noise(3, 4, 2));
  const f = (x: tf.Tensor) =>
    tf.mean(tf.square(tf.tanh(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)))) as tf.Scalar;
  const fast = jitGradients(f, { threads: 1, variables: [w as tf.Variable] });
  const x = noise(4, 3, 4);
  for (let i = 0; i < 2; i++) {
    const { value, gradients } = fast(x);
    close(value, f(x));
    close(gradients[0]!, tf.grad(f)(x));
    close(gradients[1]!, tf.variableGrads(() => f(x), [w as tf.Variable]).grads[w.name]!);
    w.assign(noise(5, 4, 2) as tf.Tensor2D); // the graph reads what the variable holds now
  }
  expect(fast.info().graphs).toBe(1);
  fast.dispose();
});

test("what a function draws and makes at each call is that call's", () => {
  let call = 0;
  const f = (x: tf.Tensor) => tf.mul(tf.add(x, tf.tensor1d([call, 2, 3])), call + 1);
  const fast = jit(f, { threads: 1 });
  const x = tf.tensor1d([1, 1, 1]);
  expect(values(fast(x))).toEqual([1, 3, 4]);
  call = 4;
  expect(values(fast(x))).toEqual([25, 15, 20]);
  call = 6;
  expect(values(fast(x))).toEqual([49, 21, 28]);
  expect(fast.info().graphs).toBe(2); // the factor 1 is a constant, 5 and 7 are inputs
  fast.dispose();
});

test("a number that stands in a gradient alone is that call's too", () => {
  let factor = 2;
  const steep = tf.customGrad((x) => {
    const now = factor;
    return { value: tf.mul(x as tf.Tensor, now), gradFunc: (dy: tf.Tensor) => tf.mul(dy, 10 * now) };
  });
  const fast = jitGradients((x: tf.Tensor) => tf.sum(steep(x)) as tf.Scalar, { threads: 1 });
  const x = noise(15, 3);
  for (const now of [2, 2, 3, 5, 5, 7]) {
    factor = now;
    const { value, gradients } = fast(x);
    close(value, tf.sum(tf.mul(x, now)));
    expect(values(gradients[0]!)).toEqual([10 * now, 10 * now, 10 * now]);
  }
  expect(fast.info()).toMatchObject({ graphs: 2, open: 1, fallbacks: 0 });
  fast.dispose();
});

test("branches on numbers of the host make graphs of their own", () => {
  const marked = (kind: number) => (x: tf.Tensor) => {
    const marks = tf.tensor1d([0, kind, 1]);
    return tf.max(marks).dataSync()[0]! > 1 ? tf.exp(x) : tf.neg(x);
  };
  const compiler = new GraphCompiler({ threads: 1 });
  const x = noise(6, 4);
  for (const kind of [0, 5, 0]) close(compiler.evaluate(() => [marked(kind)(x)])[0]!, marked(kind)(x));
  expect(compiler.info()).toMatchObject({ graphs: 2, fallbacks: 0 });
  compiler.dispose();
});

test("reading a result goes on in tfjs with one line that names the op", () => {
  const lines: string[] = [];
  const f = (x: tf.Tensor) => tf.mul(x, tf.sum(tf.exp(x)).dataSync()[0]!);
  const fast = jit(f, { threads: 1, tell: (line) => lines.push(line) });
  const x = noise(7, 3);
  for (let i = 0; i < 3; i++) close(fast(x), f(x));
  expect(lines).toEqual([
    "jit: values of a result are read (dataSync) after op Sum; tfjs computes such calls",
  ]);
  expect(fast.info()).toMatchObject({ graphs: 0, fallbacks: 3 });
});

test("an op without a place in a graph goes on in tfjs with one line", () => {
  const lines: string[] = [];
  const f = (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, [4, 4]);
  const fast = jit(f, { threads: 1, tell: (line) => lines.push(line) });
  const x = noise(8, 1, 2, 2, 1);
  for (let i = 0; i < 2; i++) close(fast(x), f(x));
  expect(lines).toEqual(["jit: op ResizeBilinear has no place in a graph; tfjs computes such calls"]);
});

test("shapes without end are computed by tfjs after mostGraphs of them, and few sessions stay open", () => {
  const lines: string[] = [];
  const fast = jit((x: tf.Tensor) => tf.exp(x), {
    threads: 1,
    openGraphs: 2,
    mostGraphs: 3,
    tell: (line) => lines.push(line),
  });
  for (let rows = 1; rows <= 6; rows++) close(fast(noise(9, rows)), tf.exp(noise(9, rows)));
  expect(fast.info()).toMatchObject({ graphs: 3, open: 2, fallbacks: 3 });
  expect(lines).toHaveLength(1);
  fast.dispose();
});

test("a table outside the tape gets its rows' gradients from the graph", () => {
  const table = new EmbeddingTable({ rows: 5, dim: 4 });
  table.setWeights(values(noise(10, 5, 4)));
  const ids = Int32Array.of(1, 2, 2, 0, 3, 1);
  const f = () => tf.sum(tf.square(table.bag(ids, 3, 2))) as tf.Scalar;
  tf.dispose(tf.variableGrads(f, [table.anchor]) as never);
  const want = table.drainGradients();
  const compiler = new GraphCompiler({ threads: 1 });
  for (let i = 0; i < 2; i++) {
    tf.dispose(compiler.variableGrads(f, [table.anchor]) as never);
    const got = table.drainGradients();
    expect(got.rows).toEqual(want.rows);
    got.values.forEach((value, at) => {
      expect(value).toBeCloseTo(want.values[at]!, 5);
    });
  }
  expect(compiler.info().graphs).toBe(1);
  compiler.dispose();
});

test("no tensor is left behind", () => {
  const w = tf.variable(noise(11, 4, 4));
  const fast = jitGradients(
    (x: tf.Tensor) => tf.sum(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)) as tf.Scalar,
    {
      threads: 1,
      variables: [w as tf.Variable],
    },
  );
  const x = noise(12, 2, 4);
  const before = tf.memory();
  for (let i = 0; i < 3; i++) tf.dispose(fast(x) as never);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numBytes).toBe(before.numBytes);
  fast.dispose();
});

test("a compiled function inside another goes into its graph", () => {
  const inner = jit((x: tf.Tensor) => tf.tanh(x), { threads: 1 });
  const outer = jitGradients((x: tf.Tensor) => tf.sum(tf.mul(inner(x), x)) as tf.Scalar, { threads: 1 });
  const x = noise(13, 5);
  const { value, gradients } = outer(x);
  const f = (y: tf.Tensor) => tf.sum(tf.mul(tf.tanh(y), y)) as tf.Scalar;
  close(value, f(x));
  close(gradients[0]!, tf.grad(f)(x));
  expect([inner.info().graphs, outer.info().graphs]).toEqual([0, 1]);
  outer.dispose();
});

test("errors of the function itself come through, and leave no tensor behind", () => {
  const table = new EmbeddingTable({ rows: 3, dim: 4 });
  const failing = jit(
    (x: tf.Tensor) => {
      tf.add(x, table.lookup(Int32Array.of(1)));
      throw new Error("of its own");
    },
    { threads: 1 },
  );
  const x = noise(14, 1, 4);
  const before = tf.memory().numTensors;
  expect(() => failing(x)).toThrow("of its own");
  expect(tf.memory().numTensors).toBe(before);
  const none = jit((() => undefined) as never, { threads: 1 });
  expect(() => none()).toThrow("jit: the function must return tensors, got undefined");
  const wide = jitGradients((y: tf.Tensor) => tf.exp(y) as tf.Scalar, { threads: 1 });
  expect(() => wide(x)).toThrow("jit: a function with gradients must return a scalar, got shape [1,4]");
});

test("results that are inputs, constants, integers or truths come back as tfjs gives them", () => {
  const f = (x: tf.Tensor) => [x, tf.ones([2, 3]), tf.cast(x, "int32"), tf.greater(x, 0), tf.zeros([0, 4])];
  const fast = jit(f, { threads: 1 });
  const x = tf.tensor1d([-1.5, 2.5, 0]);
  fast(x).forEach((got, i) => {
    const want = f(x)[i]!;
    expect([got.dtype, got.shape, values(got)]).toEqual([want.dtype, want.shape, values(want)]);
  });
  expect(fast.info().fallbacks).toBe(0);
  fast.dispose();
});

test("shapes that do not fit are told in tfjs's words, and a tensor disposed of in one line", () => {
  const told: string[] = [];
  const w = noise(30, 8, 4);
  const f = jit((x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), {
    threads: 1,
    tell: (line) => void told.push(line),
  });
  expect(() => f(tf.ones([2, 3]))).toThrow(/inner shapes \(3\) and \(8\)/);
  expect(told).toEqual([expect.stringMatching(/^jit: ONNX Runtime did not take a graph \(.*tfjs computes/)]);
  const gone = tf.ones([2, 8]);
  gone.dispose();
  expect(() => f(gone)).toThrow(
    "jit: tensors must not be disposed of before the call, got one of shape [2,8]",
  );
  f.dispose();
});
