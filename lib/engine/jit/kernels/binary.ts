import * as tf from "@tensorflow/tfjs";
import { same, type Trace, type Value } from "../trace.js";
import type { Lowering, Lowerings } from "./lowering.js";

/** The shape that two broadcast to. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  return tf.broadcast_util.assertAndGetBroadcastShape(a as number[], b as number[]);
}

/** Entries of two tensors, broadcast. */
function pairwise(
  write: (trace: Trace, a: string, b: string, dtype: tf.DataType) => string,
  dtype?: tf.DataType,
): Lowering {
  return (trace, { a, b }) =>
    trace.value(
      write(trace, a!.name, b!.name, a!.dtype),
      broadcast(a!.shape, b!.shape),
      dtype ?? a!.dtype,
      broadcast(a!.physical, b!.physical),
    );
}

const plain = (operator: string) => pairwise(({ emit }, a, b) => emit.node(operator, [a, b]));

/** Of tensors of one shape, the sum may become the beginning of a product: see joinSums. */
const add: Lowering = (trace, { a, b }) => {
  const whole = same(a!.physical, b!.physical);
  const [name] = trace.emit.split("Add", [a!.name, b!.name], {}, 1, whole);
  const physical = broadcast(a!.physical, b!.physical);
  return trace.value(name!, broadcast(a!.shape, b!.shape), a!.dtype, physical);
};
const compare = (operator: string) => pairwise(({ emit }, a, b) => emit.node(operator, [a, b]), "bool");

/**
 * The same, where a number on one side may leave the other as it is: x + 0, x · 1, x / 1. What tfjs multiplies by ones in
 * gradients of sums and means is then written nowhere.
 */
function neutral(
  operator: string,
  left: number | null,
  right: number,
  whole: Lowering = plain(operator),
): Lowering {
  return (trace, inputs, attributes) => {
    const [a, b] = [inputs["a"]!, inputs["b"]!];
    const kept = b.uniform === right ? a : left !== null && a.uniform === left ? b : null;
    if (!kept) return whole(trace, inputs, attributes);
    return trace.value(kept.name, broadcast(a.shape, b.shape), a.dtype, kept.physical, kept.uniform);
  };
}

/** ⌊a / b⌋; of integers through reals, as tfjs has it. */
const floorDiv = pairwise(({ emit }, a, b, dtype) => {
  if (dtype !== "int32") return emit.node("Floor", [emit.node("Div", [a, b])]);
  const real = (x: string) => emit.node("Cast", [x], { to: 1 });
  return emit.node("Cast", [emit.node("Floor", [emit.node("Div", [real(a), real(b)])])], { to: 6 });
});

/** a − b ⌊a / b⌋ */
const mod = pairwise(({ emit }, a, b) =>
  emit.node("Sub", [a, emit.node("Mul", [b, emit.node("Floor", [emit.node("Div", [a, b])])])]),
);

const squaredDifference = pairwise(({ emit }, a, b) => {
  const difference = emit.node("Sub", [a, b]);
  return emit.node("Mul", [difference, difference]);
});

/** Powers that products and roots give are written as such: they are vectorised, general powers are not. */
const pow: Lowering = (trace, { a, b }) => {
  const { emit } = trace;
  const x = a!.name;
  const root = () => emit.node("Sqrt", [x]);
  const written: Record<number, () => string> = {
    [-1]: () => emit.node("Reciprocal", [x]),
    0.5: root,
    1: () => x,
    1.5: () => emit.node("Mul", [x, root()]),
    2: () => emit.node("Mul", [x, x]),
    3: () => emit.node("Mul", [emit.node("Mul", [x, x]), x]),
  };
  const exponent = a!.dtype === "float32" ? trace.pin(b!) : null;
  const short = exponent === null ? undefined : written[exponent];
  return trace.value(
    short ? short() : emit.node("Pow", [x, b!.name]),
    broadcast(a!.shape, b!.shape),
    a!.dtype,
    short ? a!.physical : broadcast(a!.physical, b!.physical),
  );
};

/** 2·atan(b / (√(a² + b²) + a)) where that is defined: the angle of (x = b, y = a) by the half-angle formula. */
const atan2 = pairwise(({ emit }, y, x) => {
  const node = (operator: string, ...inputs: string[]) => emit.node(operator, inputs);
  const length = node("Sqrt", node("Add", node("Mul", y, y), node("Mul", x, x)));
  const right = node("Div", y, node("Add", length, x));
  const left = node("Div", node("Sub", length, x), y);
  const half = node("Where", node("Greater", x, emit.scalar(0)), right, left);
  const angle = node("Mul", node("Atan", half), emit.scalar(2));
  const onAxis = node("Where", node("Less", x, emit.scalar(0)), emit.scalar(Math.PI), emit.scalar(0));
  return node("Where", node("Equal", y, emit.scalar(0)), onAxis, angle);
});

/** x where above 0, else slope · x. */
const prelu: Lowering = (trace, { x, alpha }) => {
  const { emit } = trace;
  return trace.value(
    emit.node("Where", [
      emit.node("GreaterOrEqual", [x!.name, emit.scalar(0)]),
      x!.name,
      emit.node("Mul", [alpha!.name, x!.name]),
    ]),
    x!.shape,
    x!.dtype,
    broadcast(x!.physical, alpha!.physical),
  );
};

const eluGrad: Lowering = (trace, { dy, y }) => {
  const { emit } = trace;
  const slope = emit.node("Where", [
    emit.node("GreaterOrEqual", [y!.name, emit.scalar(0)]),
    emit.scalar(1),
    emit.node("Add", [y!.name, emit.scalar(1)]),
  ]);
  return trace.value(
    emit.node("Mul", [dy!.name, slope]),
    y!.shape,
    "float32",
    broadcast(dy!.physical, y!.physical),
  );
};

/** condition ? t : e; a condition of one axis stands for rows. */
const select: Lowering = (trace, { condition, t, e }) => {
  const { emit } = trace;
  const c = condition!;
  const rows = c.shape.length === 1 && t!.shape.length > 1;
  const shape = rows ? [c.shape[0]!, ...t!.shape.slice(1).map(() => 1)] : c.physical;
  const name = rows ? emit.node("Reshape", [trace.full(c), emit.integers(shape)]) : c.name;
  const physical = broadcast(broadcast(shape, t!.physical), e!.physical);
  return trace.value(emit.node("Where", [name, t!.name, e!.name]), t!.shape, t!.dtype, physical);
};

const addN: Lowering = (trace, inputs) => {
  const terms = Object.values(inputs) as Value[];
  const name = terms.map((term) => term.name).reduce((sum, term) => trace.emit.node("Add", [sum, term]));
  const physical = terms.map((term) => term.physical).reduce(broadcast);
  return trace.value(name, terms[0]!.shape, terms[0]!.dtype, physical);
};

/** Kernels of several inputs that act on each entry alone. */
export const binary: Lowerings = {
  Add: neutral("Add", 0, 0, add),
  AddN: addN,
  Atan2: atan2,
  EluGrad: eluGrad,
  Equal: compare("Equal"),
  FloorDiv: floorDiv,
  Greater: compare("Greater"),
  GreaterEqual: compare("GreaterOrEqual"),
  Less: compare("Less"),
  LessEqual: compare("LessOrEqual"),
  LogicalAnd: compare("And"),
  LogicalOr: compare("Or"),
  Maximum: plain("Max"),
  Minimum: plain("Min"),
  Mod: mod,
  Multiply: neutral("Mul", 1, 1),
  NotEqual: pairwise(({ emit }, a, b) => emit.node("Not", [emit.node("Equal", [a, b])]), "bool"),
  Pow: pow,
  Prelu: prelu,
  RealDiv: neutral("Div", null, 1),
  Select: select,
  SquaredDifference: squaredDifference,
  Sub: neutral("Sub", null, 0),
};
