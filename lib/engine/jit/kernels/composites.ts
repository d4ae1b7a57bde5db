import type { Lowering, Lowerings } from "./lowering.js";

/**
 * (x − mean) / √(variance + ε) · scale + shift over the last axis: the result, the rows' means [N, 1] and 1 / √(variance + ε)
 * [N, 1].
 */
const layerNorm: Lowering = (trace, { x, scale, shift }, { epsilon }: { epsilon: number }) => {
  const [value, mean, inverse] = trace.emit.split(
    "LayerNormalization",
    [trace.full(x!), trace.full(scale!), trace.full(shift!)],
    { axis: -1, epsilon: { float: epsilon } },
    3,
  );
  const rows = [...x!.shape.slice(0, -1), 1];
  return [
    trace.value(value!, x!.shape, "float32"),
    trace.value(mean!, rows, "float32"),
    trace.value(inverse!, rows, "float32"),
  ];
};

/**
 * Gradients of x, scale and shift of {@link layerNorm} over rows [N, D]: with u = (x − mean) · inverse and g = dy · scale,
 * inverse · (g − mean(g) − u · mean(g · u)), Σ dy · u and Σ dy.
 */
const layerNormGradient: Lowering = (trace, { x, mean, inverse, scale, dy }) => {
  const { emit } = trace;
  const node = (operator: string, ...inputs: string[]) => emit.node(operator, inputs);
  const [slope, inv] = [trace.full(dy!), trace.full(inverse!)];
  const unit = node("Mul", node("Sub", trace.full(x!), trace.full(mean!)), inv);
  const width = x!.shape[1]!;
  const alongUnit = node("Mul", slope, unit);
  // means of g and of g · u over a row are products with the scale: no pass of their own
  const column = emit.node("Reshape", [trace.full(scale!), emit.integers([width, 1])]);
  const share = { alpha: { float: 1 / width } };
  const meanSlope = emit.node("Gemm", [slope, column], share);
  const meanAlong = emit.node("Gemm", [alongUnit, column], share);
  const free = node(
    "Sub",
    node("Sub", node("Mul", slope, trace.full(scale!)), meanSlope),
    node("Mul", unit, meanAlong),
  );
  const sum = (rows: string) => emit.node("ReduceSum", [rows, emit.integers([0])], { keepdims: 0 });
  return [
    trace.value(node("Mul", free, inv), x!.shape, "float32"),
    trace.value(sum(alongUnit), [width], "float32"),
    trace.value(sum(slope), [width], "float32"),
  ];
};

/** x Φ(x) */
const gelu: Lowering = (trace, { x }) =>
  trace.value(trace.emit.node("com.microsoft:Gelu", [trace.full(x!)]), x!.shape, "float32");

/** dy · (Φ(x) + x φ(x)) */
const geluGradient: Lowering = (trace, { x, dy }) => {
  const { emit } = trace;
  const node = (operator: string, ...inputs: string[]) => emit.node(operator, inputs);
  const from = trace.full(x!);
  const half = emit.scalar(0.5);
  const erf = node("Erf", node("Mul", from, emit.scalar(Math.SQRT1_2)));
  const below = node("Add", node("Mul", erf, half), half);
  const density = node("Exp", node("Mul", node("Mul", from, from), emit.scalar(-0.5)));
  const slope = node("Mul", node("Mul", density, emit.scalar(1 / Math.sqrt(2 * Math.PI))), from);
  return trace.value(node("Mul", trace.full(dy!), node("Add", below, slope)), x!.shape, "float32");
};

/** scale · (shares · (dy − Σ shares · dy)) over the last axis: the gradient of a softmax of scaled numbers. */
const softmaxGradient: Lowering = (trace, { shares, dy }, { scale }: { scale: number }) => {
  const { emit } = trace;
  const [p, slope] = [trace.full(shares!), trace.full(dy!)];
  const weighted = emit.node("Mul", [p, slope]);
  const along = emit.node("ReduceSum", [weighted, emit.integers([shares!.shape.length - 1])], {
    keepdims: 1,
  });
  const centred = emit.node("Mul", [p, emit.node("Sub", [slope, along])]);
  return trace.value(
    scale === 1 ? centred : emit.node("Mul", [centred, emit.scalar(scale)]),
    shares!.shape,
    "float32",
  );
};

/** x · weightᵀ + bias of rows. */
const dense: Lowering = (trace, { x, weight, bias }, { transposed }: { transposed: boolean }) =>
  trace.value(
    trace.emit.node("Gemm", [trace.full(x!), trace.full(weight!), trace.full(bias!)], {
      transB: transposed ? 1 : 0,
    }),
    [x!.shape[0]!, weight!.shape[transposed ? 0 : 1]!],
    "float32",
  );

/** Kernels of the project's own, which only graphs have: ops with a form of their own in ONNX Runtime. */
export const composites: Lowerings = {
  GraphDense: dense,
  GraphGelu: gelu,
  GraphGeluGradient: geluGradient,
  GraphLayerNorm: layerNorm,
  GraphLayerNormGradient: layerNormGradient,
  GraphSoftmaxGradient: softmaxGradient,
};
