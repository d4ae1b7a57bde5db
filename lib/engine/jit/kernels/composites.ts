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

/**
 * gelu(x·W₁ᵀ + b₁)·W₂ᵀ + b₂, and what its gradient needs: h = (x·W₁ᵀ + b₁)/√2, 1 + erf h and h (1 + erf h), which is √2 times
 * the gelu. All factors are those of products, which take them for nothing.
 */
const feedForward: Lowering = (trace, { x, w1, b1, w2, b2 }) => {
  const { emit } = trace;
  const root = { float: Math.SQRT1_2 };
  const h = emit.node("Gemm", [trace.full(x!), trace.full(w1!), trace.full(b1!)], {
    transB: 1,
    alpha: root,
    beta: root,
  });
  const twice = emit.node("Add", [emit.node("Erf", [h]), emit.scalar(1)]);
  const wide = emit.node("Mul", [h, twice]);
  const value = emit.node("Gemm", [wide, trace.full(w2!), trace.full(b2!)], { transB: 1, alpha: root });
  const between = [x!.shape[0]!, w1!.shape[0]!];
  return [
    trace.value(value, [x!.shape[0]!, w2!.shape[0]!], "float32"),
    ...[h, twice, wide].map((name) => trace.value(name, between, "float32")),
  ];
};

/** Gradients of x, W₁, b₁, W₂ and b₂; that of h (1 + erf h) is 1 + erf h + 2/√π h exp(−h²). */
const feedForwardGradient: Lowering = (trace, { x, w1, w2, h, twice, wide, dy }) => {
  const { emit } = trace;
  const node = (operator: string, ...inputs: string[]) => emit.node(operator, inputs);
  const root = { float: Math.SQRT1_2 };
  const [from, slope, scaled] = [trace.full(x!), trace.full(dy!), trace.full(h!)];
  const sum = (rows: string) => emit.node("ReduceSum", [rows, emit.integers([0])], { keepdims: 0 });
  const exponent = node("Sub", emit.scalar(Math.log(2 / Math.sqrt(Math.PI))), node("Mul", scaled, scaled));
  const steepness = node("Add", trace.full(twice!), node("Mul", scaled, node("Exp", exponent)));
  const down = emit.node("Gemm", [slope, trace.full(w2!)], { alpha: root });
  const dh = node("Mul", down, steepness);
  return [
    trace.value(emit.node("Gemm", [dh, trace.full(w1!)], { alpha: root }), x!.shape, "float32"),
    trace.value(emit.node("Gemm", [dh, from], { transA: 1, alpha: root }), w1!.shape, "float32"),
    trace.value(node("Mul", sum(dh), emit.scalar(Math.SQRT1_2)), [w1!.shape[0]!], "float32"),
    trace.value(
      emit.node("Gemm", [slope, trace.full(wide!)], { transA: 1, alpha: root }),
      w2!.shape,
      "float32",
    ),
    trace.value(sum(slope), [w2!.shape[0]!], "float32"),
  ];
};

/** softmax(scale · products + hide) over the last axis. */
const shares: Lowering = (trace, { products, hide }, { scale }: { scale: number }) => {
  const { emit } = trace;
  const scaled = emit.node("Mul", [trace.full(products!), emit.scalar(scale)]);
  const masked = emit.node("Add", [scaled, trace.full(hide!)]);
  return trace.value(emit.node("Softmax", [masked], { axis: -1 }), products!.shape, "float32");
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
  GraphFeedForward: feedForward,
  GraphFeedForwardGradient: feedForwardGradient,
  GraphLayerNorm: layerNorm,
  GraphLayerNormGradient: layerNormGradient,
  GraphShares: shares,
  GraphSoftmaxGradient: softmaxGradient,
};
