import type { Trace, Value } from "../trace.js";
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

/** Matrix products. */
export const products: Lowerings = { BatchMatMul: product, Einsum: einsum };
