import * as tf from "@tensorflow/tfjs";
import type { Lowering, Lowerings } from "./lowering.js";
import { axisOf } from "./lowering.js";

interface ReductionAttributes {
  axis?: number | number[] | null;
  reductionIndices?: number | number[];
  keepDims?: boolean;
}

/** Over axes; axes are an input of the operator where `byInput`, else an attribute. */
function reduction(operator: string, byInput = false): Lowering {
  return (trace, { x }, { axis, reductionIndices, keepDims }: ReductionAttributes) => {
    const { emit } = trace;
    const { shape } = x!;
    const axes = tf.util.parseAxisParam((axis ?? reductionIndices ?? null) as number[], shape);
    const kept = shape.map((size, i) => (axes.includes(i) ? 1 : size));
    const out = keepDims ? kept : shape.filter((_, i) => !axes.includes(i));
    const real = x!.dtype === "float32" || operator !== "ReduceMean";
    const from = real ? trace.full(x!) : emit.node("Cast", [trace.full(x!)], { to: 1 });
    if (axes.length === 0) return trace.value(from, out, x!.dtype);
    const keepdims = keepDims ? 1 : 0;
    const name = byInput
      ? emit.node(operator, [from, emit.integers(axes)], { keepdims })
      : emit.node(operator, [from], { axes, keepdims });
    return trace.value(name, out, real ? x!.dtype : "float32");
  };
}

/** All or any of booleans, through integers. */
function logical(operator: string): Lowering {
  return (trace, { x }, { axis, keepDims }: ReductionAttributes) => {
    const { emit } = trace;
    const axes = tf.util.parseAxisParam(axis as number[], x!.shape);
    const kept = x!.shape.map((size, i) => (axes.includes(i) ? 1 : size));
    const number = emit.node("Cast", [trace.full(x!)], { to: 6 });
    const reduced = emit.node(operator, [number], { axes, keepdims: keepDims ? 1 : 0 });
    const out = keepDims ? kept : x!.shape.filter((_, i) => !axes.includes(i));
    return trace.value(emit.node("Cast", [reduced], { to: 9 }), out, "bool");
  };
}

/** Place of the largest or smallest entry. */
function place(operator: string): Lowering {
  return (trace, { x }, { axis }: { axis: number | number[] }) => {
    const along = axisOf(tf.util.parseAxisParam(axis as number[], x!.shape)[0]!, x!.shape.length);
    const { emit } = trace;
    const at = emit.node(operator, [trace.full(x!)], { axis: along, keepdims: 0 });
    return trace.value(
      emit.node("Cast", [at], { to: 6 }),
      x!.shape.filter((_, i) => i !== along),
      "int32",
    );
  };
}

const softmax: Lowering = (trace, { logits }, { dim }: { dim: number }) => {
  const axis = axisOf(dim, logits!.shape.length);
  return trace.value(trace.emit.node("Softmax", [trace.full(logits!)], { axis }), logits!.shape, "float32");
};

const cumsum: Lowering = (
  trace,
  { x },
  { axis, exclusive, reverse }: { axis: number; exclusive: boolean; reverse: boolean },
) => {
  const { emit } = trace;
  const along = emit.constant(`axis ${axis}`, () => Int32Array.of(axisOf(axis, x!.shape.length)), []);
  return trace.value(
    emit.node("CumSum", [trace.full(x!), along], { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }),
    x!.shape,
    x!.dtype,
  );
};

const topK: Lowering = (trace, { x }, { k, sorted }: { k: number; sorted: boolean }) => {
  const { emit } = trace;
  const [values, at] = emit.split(
    "TopK",
    [trace.full(x!), emit.integers([k])],
    { axis: -1, largest: 1, sorted: sorted ? 1 : 0 },
    2,
  );
  const shape = [...x!.shape.slice(0, -1), k];
  return [
    trace.value(values!, shape, x!.dtype),
    trace.value(emit.node("Cast", [at!], { to: 6 }), shape, "int32"),
  ];
};

/** Kernels that combine the entries along axes. */
export const reductions: Lowerings = {
  All: logical("ReduceMin"),
  Any: logical("ReduceMax"),
  ArgMax: place("ArgMax"),
  ArgMin: place("ArgMin"),
  Cumsum: cumsum,
  Max: reduction("ReduceMax"),
  Mean: reduction("ReduceMean"),
  Min: reduction("ReduceMin"),
  Prod: reduction("ReduceProd"),
  Softmax: softmax,
  Sum: reduction("ReduceSum", true),
  TopK: topK,
};
