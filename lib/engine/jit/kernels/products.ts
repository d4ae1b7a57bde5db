import type { Trace, Value } from "../trace.js";
import { TraceError } from "../trace-error.js";
import { broadcast } from "./binary.js";
import type { Lowering, Lowerings } from "./lowering.js";

/** The last two axes in the other order. */
export function turned(trace: Trace, name: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  perm.splice(-2, 2, rank - 1, rank - 2);
  return trace.emit.node("Transpose", [name], { perm });
}

interface ProductAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

/** a · b over the last two axes. Matrices go to Gemm, which reads them turned or not; stacks of them to MatMul. */
const product: Lowering = (trace, { a, b }, { transposeA, transposeB }: ProductAttributes) => {
  const { emit } = trace;
  const [left, right] = [a!.shape, b!.shape];
  const rows = left.at(transposeA ? -1 : -2)!;
  const columns = right.at(transposeB ? -2 : -1)!;
  const shape = [...broadcast(left.slice(0, -2), right.slice(0, -2)), rows, columns];
  if (left.length === 2 && right.length === 2) {
    const turns = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
    return trace.value(emit.node("Gemm", [trace.full(a!), trace.full(b!)], turns), shape, "float32");
  }
  const upright = (x: Value, on: boolean) =>
    on ? turned(trace, trace.full(x), x.shape.length) : trace.full(x);
  return trace.value(
    emit.node("MatMul", [upright(a!, transposeA), upright(b!, transposeB)]),
    shape,
    "float32",
  );
};

const einsum: Lowering = (trace, inputs, { equation }: { equation: string }) => {
  const parts = Object.values(inputs) as Value[];
  const text = equation.replaceAll(" ", "");
  const [from, to] = text.split("->") as [string, string];
  const sizes = new Map<string, number>();
  from.split(",").forEach((letters, i) => {
    [...letters].forEach((letter, axis) => {
      sizes.set(letter, parts[i]!.shape[axis]!);
    });
  });
  return trace.value(
    trace.emit.node(
      "Einsum",
      parts.map((part) => trace.full(part)),
      { equation: { text } },
    ),
    [...to].map((letter) => sizes.get(letter)!),
    "float32",
  );
};

/** Activations that ONNX has by itself; numbers are limits. */
const activations: Record<string, (trace: Trace, x: string) => string> = {
  linear: (_, x) => x,
  relu: ({ emit }, x) => emit.node("Relu", [x]),
  relu6: ({ emit }, x) => emit.node("Min", [emit.node("Relu", [x]), emit.scalar(6)]),
  sigmoid: ({ emit }, x) => emit.node("Sigmoid", [x]),
  elu: ({ emit }, x) => emit.node("Elu", [x]),
};

/** A product with bias and activation, as layers of tf.layers ask for where no gradient is. */
const fused: Lowering = (trace, inputs, attributes: ProductAttributes & { activation: string }) => {
  const { activation } = attributes;
  const act = Object.hasOwn(activations, activation) ? activations[activation]! : null;
  if (!act) throw new TraceError(`op _FusedMatMul with activation ${activation} has no place in a graph`);
  const { name, shape } = product(trace, inputs, attributes) as Value;
  const { bias } = inputs;
  const sum = bias ? trace.emit.node("Add", [name, bias.name]) : name;
  return trace.value(act(trace, sum), shape, "float32");
};

/** Matrix products. */
export const products: Lowerings = { BatchMatMul: product, Einsum: einsum, _FusedMatMul: fused };
