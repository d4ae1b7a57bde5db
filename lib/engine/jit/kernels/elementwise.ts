import type { Trace, Value } from "../trace.js";
import type { Lowering, Lowerings } from "./lowering.js";

/** f(x) entry by entry, written over the entries before broadcasting. */
function unary(write: (trace: Trace, x: string, attributes: never) => string): Lowering {
  return (trace, inputs, attributes) => {
    const x = (inputs["x"] ?? inputs["logits"]) as Value;
    return trace.value(write(trace, x.name, attributes as never), x.shape, x.dtype, x.physical);
  };
}

/** An operator of ONNX that is the kernel. */
const plain = (operator: string) => unary(({ emit }, x) => emit.node(operator, [x]));

/** 1 + e^x and such: a chain of nodes over x and numbers. */
const chain = (
  write: (node: (operator: string, ...inputs: (string | number)[]) => string, x: string) => string,
) =>
  unary(({ emit }, x) =>
    write(
      (operator, ...inputs) =>
        emit.node(
          operator,
          inputs.map((input) => (typeof input === "number" ? emit.scalar(input) : input)),
        ),
      x,
    ),
  );

const bool = (write: (trace: Trace, x: string) => string): Lowering => {
  return (trace, { x }) => trace.value(write(trace, x!.name), x!.shape, "bool", x!.physical);
};

/** Kernels of one input that act on each entry alone. */
export const elementwise: Lowerings = {
  Abs: plain("Abs"),
  Acos: plain("Acos"),
  Acosh: plain("Acosh"),
  Asin: plain("Asin"),
  Asinh: plain("Asinh"),
  Atan: plain("Atan"),
  Atanh: plain("Atanh"),
  Ceil: plain("Ceil"),
  Cos: plain("Cos"),
  Cosh: plain("Cosh"),
  Erf: plain("Erf"),
  Exp: plain("Exp"),
  Floor: plain("Floor"),
  Log: plain("Log"),
  Neg: plain("Neg"),
  Reciprocal: plain("Reciprocal"),
  Relu: plain("Relu"),
  Round: plain("Round"),
  Selu: plain("Selu"),
  Sigmoid: plain("Sigmoid"),
  Sign: plain("Sign"),
  Sin: plain("Sin"),
  Sinh: plain("Sinh"),
  Softplus: plain("Softplus"),
  Sqrt: plain("Sqrt"),
  Tan: plain("Tan"),
  Tanh: plain("Tanh"),
  Elu: plain("Elu"),
  Square: unary(({ emit }, x) => emit.node("Mul", [x, x])),
  Rsqrt: chain((node, x) => node("Reciprocal", node("Sqrt", x))),
  Relu6: chain((node, x) => node("Min", node("Relu", x), 6)),
  // (e^x + 1) · tanh(x / 2) = e^x − 1 without cancellation near 0
  Expm1: chain((node, x) => node("Mul", node("Add", node("Exp", x), 1), node("Tanh", node("Mul", x, 0.5)))),
  // x · log u / (u − 1) with u = 1 + x as rounded, x where u is 1
  Log1p: chain((node, x) => {
    const u = node("Add", x, 1);
    const ratio = node("Div", node("Mul", x, node("Log", u)), node("Sub", u, 1));
    return node("Where", node("Equal", u, 1), x, ratio);
  }),
  LeakyRelu: unary(({ emit }, x, { alpha }: { alpha: number }) =>
    emit.node("LeakyRelu", [x], { alpha: { float: alpha } }),
  ),
  ClipByValue: unary(
    ({ emit }, x, { clipValueMin, clipValueMax }: { clipValueMin: number; clipValueMax: number }) =>
      emit.node("Clip", [x, emit.scalar(clipValueMin), emit.scalar(clipValueMax)]),
  ),
  Step: unary(({ emit }, x, { alpha }: { alpha: number }) =>
    emit.node("Where", [emit.node("Greater", [x, emit.scalar(0)]), emit.scalar(1), emit.scalar(alpha ?? 0)]),
  ),
  IsNan: bool(({ emit }, x) => emit.node("IsNaN", [x])),
  IsInf: bool(({ emit }, x) => emit.node("IsInf", [x])),
  IsFinite: bool(({ emit }, x) => emit.node("Equal", [emit.node("Sub", [x, x]), emit.scalar(0)])),
  LogicalNot: bool(({ emit }, x) => emit.node("Not", [x])),
  Cast: (trace, { x }, { dtype }: { dtype: "float32" | "int32" | "bool" }) => {
    const { name, shape, physical } = x!;
    if (x!.dtype === dtype) return trace.value(name, shape, dtype, physical, x!.uniform);
    const to = { float32: 1, int32: 6, bool: 9 }[dtype];
    return trace.value(trace.emit.node("Cast", [name], { to }), shape, dtype, physical);
  },
};
