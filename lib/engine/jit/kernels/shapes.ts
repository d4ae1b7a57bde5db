import * as tf from "@tensorflow/tfjs";
import type { Value } from "../trace.js";
import { TraceError } from "../trace-error.js";
import { axisOf, type Lowering, type Lowerings, sizeOf } from "./lowering.js";

/** The same entries in another shape. */
function reshaped(shapeOf: (x: Value, attributes: never) => number[]): Lowering {
  return (trace, inputs, attributes) => {
    const x = (inputs["x"] ?? inputs["input"])!;
    const shape = shapeOf(x, attributes as never);
    // entries that are all one number need no layout
    if (sizeOf(x.physical) === 1) {
      const flat =
        x.physical.length === 0 ? x.name : trace.emit.node("Reshape", [x.name, trace.emit.integers([])]);
      return trace.value(flat, shape, x.dtype, [], x.uniform);
    }
    return trace.value(
      trace.emit.node("Reshape", [trace.full(x), trace.emit.integers(shape)]),
      shape,
      x.dtype,
    );
  };
}

const reshape = reshaped((x, { shape }: { shape: number[] }) =>
  tf.util.inferFromImplicitShape(shape, sizeOf(x.shape)),
);

const expandDims = reshaped((x, { dim }: { dim: number }) => {
  const shape = x.shape.slice();
  shape.splice(dim < 0 ? shape.length + dim + 1 : dim, 0, 1);
  return shape;
});

const transpose: Lowering = (trace, { x }, { perm }: { perm: number[] }) =>
  trace.value(
    trace.emit.node("Transpose", [trace.full(x!)], { perm }),
    perm.map((axis) => x!.shape[axis]!),
    x!.dtype,
  );

const slice: Lowering = (trace, { x }, { begin, size }: { begin: number[]; size: number[] }) => {
  const { emit } = trace;
  const starts = x!.shape.map((_, axis) => begin[axis] ?? 0);
  const shape = x!.shape.map((whole, axis) => {
    const part = size[axis] ?? -1;
    return part === -1 ? whole - starts[axis]! : part;
  });
  const axes = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== x!.shape[axis]);
  if (axes.length === 0) return trace.value(x!.name, x!.shape, x!.dtype, x!.physical);
  const name = emit.node("Slice", [
    trace.full(x!),
    emit.integers(axes.map((axis) => starts[axis]!)),
    emit.integers(axes.map((axis) => starts[axis]! + shape[axis]!)),
    emit.integers(axes),
  ]);
  return trace.value(name, shape, x!.dtype);
};

interface StridedAttributes {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

const stridedSlice: Lowering = (trace, { x }, a: StridedAttributes) => {
  const { emit } = trace;
  const info = tf.slice_util.sliceInfo(
    x!.shape,
    a.begin,
    a.end,
    a.strides,
    a.beginMask,
    a.endMask,
    a.ellipsisMask,
    a.newAxisMask,
    a.shrinkAxisMask,
  );
  if (info.strides.some((stride) => stride < 0)) throw new TraceError("StridedSlice with a negative stride");
  const axes = emit.integers(info.begin.map((_, axis) => axis));
  const cut = emit.node("Slice", [
    trace.full(x!),
    emit.integers(info.begin),
    emit.integers(info.end),
    axes,
    emit.integers(info.strides),
  ]);
  return trace.value(emit.node("Reshape", [cut, emit.integers(info.finalShape)]), info.finalShape, x!.dtype);
};

const concat: Lowering = (trace, inputs, { axis }: { axis: number }) => {
  const parts = (Object.values(inputs) as Value[]).filter(({ shape }) => sizeOf(shape) > 0);
  const first = (parts[0] ?? Object.values(inputs)[0]) as Value;
  const along = axisOf(axis, first.shape.length);
  const shape = first.shape.slice();
  shape[along] = parts.reduce((sum, part) => sum + part.shape[along]!, 0);
  if (parts.length === 1) return trace.value(first.name, shape, first.dtype, first.physical);
  const names = parts.map((part) => trace.full(part));
  return trace.value(trace.emit.node("Concat", names, { axis: along }), shape, first.dtype);
};

const pack: Lowering = (trace, inputs, { axis }: { axis: number }) => {
  const { emit } = trace;
  const parts = Object.values(inputs) as Value[];
  const shape = parts[0]!.shape.slice();
  const along = axisOf(axis, shape.length + 1);
  shape.splice(along, 0, 1);
  const names = parts.map((part) => emit.node("Reshape", [trace.full(part), emit.integers(shape)]));
  shape[along] = parts.length;
  return trace.value(emit.node("Concat", names, { axis: along }), shape, parts[0]!.dtype);
};

const unpack: Lowering = (trace, { value }, { axis }: { axis: number }) => {
  const { emit } = trace;
  const along = axisOf(axis, value!.shape.length);
  const shape = value!.shape.filter((_, i) => i !== along);
  const from = trace.full(value!);
  return Array.from({ length: value!.shape[along]! }, (_, i) => {
    const cut = emit.node("Slice", [
      from,
      emit.integers([i]),
      emit.integers([i + 1]),
      emit.integers([along]),
    ]);
    return trace.value(emit.node("Reshape", [cut, emit.integers(shape)]), shape, value!.dtype);
  });
};

const splitV: Lowering = (trace, { x }, attributes: { numOrSizeSplits: number | number[]; axis: number }) => {
  const { emit } = trace;
  const along = axisOf(attributes.axis, x!.shape.length);
  const sizes = tf.backend_util.prepareSplitSize(x as never, attributes.numOrSizeSplits, along);
  const from = trace.full(x!);
  let start = 0;
  return sizes.map((size) => {
    const shape = x!.shape.slice();
    shape[along] = size;
    const ends = [emit.integers([start]), emit.integers([start + size])];
    start += size;
    return trace.value(emit.node("Slice", [from, ...ends, emit.integers([along])]), shape, x!.dtype);
  });
};

const tile: Lowering = (trace, { x }, { reps }: { reps: number[] }) => {
  const shape = x!.shape.map((size, axis) => size * reps[axis]!);
  // what is repeated along axes of one entry alone is broadcast, and costs nothing
  if (reps.every((count, axis) => count === 1 || x!.shape[axis] === 1))
    return trace.value(x!.name, shape, x!.dtype, x!.physical, x!.uniform);
  return trace.value(trace.emit.node("Tile", [trace.full(x!), trace.emit.integers(reps)]), shape, x!.dtype);
};

const pad: Lowering = (
  trace,
  { x },
  { paddings, constantValue }: { paddings: [number, number][]; constantValue: number },
) => {
  const { emit } = trace;
  const shape = x!.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const ends = emit.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  return trace.value(
    emit.node("Pad", [trace.full(x!), ends, emit.scalar(constantValue ?? 0)]),
    shape,
    x!.dtype,
  );
};

const reverse: Lowering = (trace, { x }, { dims }: { dims: number[] }) => {
  const { emit } = trace;
  const axes = tf.util.parseAxisParam(dims, x!.shape);
  const lowest = -(2 ** 31);
  if (axes.length === 0) return trace.value(x!.name, x!.shape, x!.dtype, x!.physical);
  const name = emit.node("Slice", [
    trace.full(x!),
    emit.integers(axes.map(() => -1)),
    emit.integers(axes.map(() => lowest)),
    emit.integers(axes),
    emit.integers(axes.map(() => -1)),
  ]);
  return trace.value(name, x!.shape, x!.dtype);
};

/** Kernels that move entries without changing them. */
export const shapes: Lowerings = {
  Concat: concat,
  ExpandDims: expandDims,
  Pack: pack,
  PadV2: pad,
  Reshape: reshape,
  Reverse: reverse,
  Slice: slice,
  SplitV: splitV,
  StridedSlice: stridedSlice,
  Tile: tile,
  Transpose: transpose,
  Unpack: unpack,
};
