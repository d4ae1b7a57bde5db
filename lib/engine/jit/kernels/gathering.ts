import { TraceError } from "../trace-error.js";
import { axisOf, type Lowering, type Lowerings } from "./lowering.js";

const gather: Lowering = (
  trace,
  { x, indices },
  { axis, batchDims = 0 }: { axis: number; batchDims?: number },
) => {
  if (batchDims !== 0) throw new TraceError("GatherV2 with batchDims");
  const along = axisOf(axis, x!.shape.length);
  const shape = [...x!.shape.slice(0, along), ...indices!.shape, ...x!.shape.slice(along + 1)];
  return trace.value(
    trace.emit.node("Gather", [trace.full(x!), trace.full(indices!)], { axis: along }),
    shape,
    x!.dtype,
  );
};

const gatherNd: Lowering = (trace, { params, indices }) => {
  const { emit } = trace;
  const depth = indices!.shape.at(-1)!;
  const at = emit.node("Cast", [trace.full(indices!)], { to: 7 });
  return trace.value(
    emit.node("GatherND", [trace.full(params!), at]),
    [...indices!.shape.slice(0, -1), ...params!.shape.slice(depth)],
    params!.dtype,
  );
};

const scatterNd: Lowering = (trace, { indices, updates }, { shape }: { shape: number[] }) => {
  const { emit } = trace;
  const zeros = emit.node("Expand", [emit.scalar(0), emit.integers(shape)]);
  const at = emit.node("Cast", [trace.full(indices!)], { to: 7 });
  const name = emit.node("ScatterND", [zeros, at, trace.full(updates!)], { reduction: { text: "add" } });
  return trace.value(name, shape, updates!.dtype);
};

/** Rows summed by segment: the gradient of gathering. */
const segmentSum: Lowering = (trace, { x, segmentIds }, { numSegments }: { numSegments: number }) => {
  const { emit } = trace;
  const { shape: ids } = segmentIds!;
  const shape = [numSegments, ...x!.shape.slice(ids.length)];
  const zeros = emit.node("Expand", [emit.scalar(0), emit.integers(shape)]);
  const at = emit.node("Cast", [trace.full(segmentIds!)], { to: 7 });
  const rows = emit.node("Reshape", [at, emit.integers([...ids, 1])]);
  const name = emit.node("ScatterND", [zeros, rows, trace.full(x!)], { reduction: { text: "add" } });
  return trace.value(name, shape, x!.dtype);
};

const oneHot: Lowering = (
  trace,
  { indices },
  { depth, onValue, offValue, dtype }: { depth: number; onValue: number; offValue: number; dtype?: "int32" },
) => {
  const { emit } = trace;
  const type = dtype ?? "int32";
  const numbers = [offValue, onValue];
  const values = emit.constant(`off on ${numbers.join(" ")}`, () => Float32Array.from(numbers), [2]);
  const from = emit.node("Cast", [trace.full(indices!)], { to: 7 });
  // ONNX counts negative indices from the end, tfjs leaves their rows off
  const at = emit.node("Where", [
    emit.node("Less", [from, emit.constant("long 0", () => BigInt64Array.of(0n), [])]),
    emit.constant(`long ${depth}`, () => BigInt64Array.of(BigInt(depth)), []),
    from,
  ]);
  const real = emit.node("OneHot", [at, emit.integers([depth]), values], { axis: -1 });
  // ONNX Runtime has no one-hot rows of int32
  const name = type === "int32" ? emit.node("Cast", [real], { to: 6 }) : real;
  return trace.value(name, [...indices!.shape, depth], type);
};

/** Kernels that pick entries by index, and add them up by index. */
export const gathering: Lowerings = {
  GatherNd: gatherNd,
  GatherV2: gather,
  OneHot: oneHot,
  ScatterNd: scatterNd,
  UnsortedSegmentSum: segmentSum,
};
