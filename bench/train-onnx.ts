/**
 * An alternative to our kernels for the dense part of a step: one ONNX Runtime graph of towers, loss and all gradients
 * (native products), against the whole fused step. `npx tsx bench/train-onnx.ts [rounds] [seconds]`; see bench/README.md.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../lib/files/onnx/onnx-graph.js";
import { median } from "./measure.js";

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 1);
const [dim, hidden, output, temperature] = [256, 128, 128, 0.1];

/** Pooled embeddings and weights → loss, gradients of pooled embeddings and of weights. */
function denseStep(size: number): Uint8Array {
  const g = new OnnxGraph("step");
  const eye = Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  const own = g.constant("own", eye, [size, size]);
  const weight = (name: string, from: number, to: number) => [
    g.input(`${name}.weight`, "float", [from, to]),
    g.input(`${name}.bias`, "float", [to]),
  ];
  const out = (name: string, value: string, shape: number[]) => {
    g.node("Identity", [value], {}, name);
    g.output(name, "float", shape);
  };
  const rowSum = (x: string) => g.node("ReduceSum", [x, g.integers(1)], { keepdims: 1 });
  const sides = ["query", "document"].map((side) => {
    const x = g.input(side, "float", [size, dim]);
    const [w0, b0] = weight(`${side}.0`, dim, hidden);
    const [w1, b1] = weight(`${side}.1`, hidden, output);
    const h = g.node("Relu", [g.node("Gemm", [x, w0!, b0!])]);
    const y = g.node("Gemm", [h, w1!, b1!]);
    const norm = g.node("Max", [g.node("Sqrt", [rowSum(g.node("Mul", [y, y]))]), g.scalar(1e-8)]);
    return { side, x, h, w0: w0!, w1: w1!, norm, unit: g.node("Div", [y, norm]) };
  });
  const [query, document] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const scale = { float: 1 / temperature };
  const logits = g.node("Gemm", [query.unit, document.unit], { transB: 1, alpha: scale });
  const p = g.node("Softmax", [logits], { axis: 1 });
  const ownP = rowSum(g.node("Mul", [p, own]));
  out("loss", g.node("Neg", [g.node("ReduceMean", [g.node("Log", [ownP])], { keepdims: 0 })]), []);
  const slope = g.node("Sub", [p, own]);
  const alpha = { float: 1 / temperature / size };
  const unitSlopes = [
    g.node("Gemm", [slope, document.unit], { alpha }),
    g.node("Gemm", [slope, query.unit], { transA: 1, alpha }),
  ];
  sides.forEach(({ side, x, h, w0, w1, norm, unit }, i) => {
    const du = unitSlopes[i]!;
    const along = rowSum(g.node("Mul", [unit, du]));
    const dy = g.node("Div", [g.node("Sub", [du, g.node("Mul", [unit, along])]), norm]);
    const dh = g.node("Mul", [g.node("Gemm", [dy, w1], { transB: 1 }), g.node("Sign", [h])]);
    out(`d ${side}`, g.node("Gemm", [dh, w0], { transB: 1 }), [size, dim]);
    out(`d ${side}.0.weight`, g.node("Gemm", [x, dh], { transA: 1 }), [dim, hidden]);
    out(`d ${side}.1.weight`, g.node("Gemm", [h, dy], { transA: 1 }), [hidden, output]);
    const columnSum = (v: string) => g.node("ReduceSum", [v, g.integers(0)], { keepdims: 0 });
    out(`d ${side}.0.bias`, columnSum(dh), [hidden]);
    out(`d ${side}.1.bias`, columnSum(dy), [output]);
  });
  return g.toBytes();
}

const noise = (shape: number[], scale: number) => {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => (Math.random() - 0.5) * scale);
  return new Tensor("float32", data, shape);
};

for (const size of [64, 256, 1024]) {
  const bytes = denseStep(size);
  const feeds: Record<string, Tensor> = {};
  for (const side of ["query", "document"]) {
    feeds[side] = noise([size, dim], 1);
    feeds[`${side}.0.weight`] = noise([dim, hidden], 0.2);
    feeds[`${side}.0.bias`] = noise([hidden], 0.2);
    feeds[`${side}.1.weight`] = noise([hidden, output], 0.2);
    feeds[`${side}.1.bias`] = noise([output], 0.2);
  }
  for (const intraOpNumThreads of [1, 2]) {
    const session = await InferenceSession.create(bytes, { intraOpNumThreads, interOpNumThreads: 1 });
    const first = await session.run(feeds); // its outputs are written to again: no garbage per step
    const steps: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const until = performance.now() + 1000 * seconds;
      while (performance.now() < until) {
        const start = performance.now();
        await session.run(feeds, first);
        steps.push(performance.now() - start);
      }
    }
    const perPair = 6 * (2 * dim * hidden + 2 * hidden * output) + 6 * size * output;
    const [middle, best] = [median(steps), Math.min(...steps)];
    console.log(
      `batch ${size}, ${intraOpNumThreads} threads: ${((1000 * size) / middle).toFixed(0)} pairs/s (best ${((1000 * size) / best).toFixed(0)}), ${((perPair * size) / middle / 1e6).toFixed(0)} GFLOP/s`,
    );
    await session.release();
  }
}
