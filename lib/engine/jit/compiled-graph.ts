import * as tf from "@tensorflow/tfjs";
import { type WasmHeap, wasmHeap } from "../wasm-heap.js";
import { type Feeds, type NativeSession, nativeTensor } from "./native-session.js";
import type { GraphType, HostInput, OutsideInput, Trace } from "./trace.js";

/** What a graph gives back, by name. */
export interface GraphOutput {
  name: string;
  shape: readonly number[];
  dtype: tf.DataType;
}

/** How a graph is fed and read. */
export interface GraphPlan {
  /** outputs and gradients asked for, then what is watched, then gradients of boundaries */
  outputs: readonly GraphOutput[];
  /** how many of them were asked for */
  own: number;
  /** the variables that have a gradient, by their places */
  places: readonly number[];
  /** the boundaries that have one */
  slopes: readonly number[];
  /** places of numbers that are inputs */
  moving: ReadonlySet<number>;
  /** the numbers as they were when the graph was made; those that are not inputs are constants of it */
  numbers: readonly number[];
  hash: string;
  nodes: number;
}

/** A graph in a session, and what it needs to be run. */
export class CompiledGraph {
  constructor(
    private readonly session: NativeSession,
    readonly plan: GraphPlan,
  ) {}

  /** Places at which a run has another number than the graph. */
  moved(numbers: readonly number[]): number[] {
    const { moving, numbers: own } = this.plan;
    const places: number[] = [];
    for (let place = 0; place < numbers.length; place++)
      if (!moving.has(place) && !Object.is(numbers[place], own[place])) places.push(place);
    return places;
  }

  /** Runs it with what a trace handed over; tensors of the program's backend, in the order of the outputs. */
  run(trace: Trace): tf.Tensor[] {
    const { outputs, moving } = this.plan;
    const heap = wasmHeap();
    // made before anything is fed: making them may move the heap
    const results = outputs.map(({ shape, dtype }) =>
      heap && dtype === "float32" ? heap.output(shape as number[]) : null,
    );
    const feeds: Feeds = {};
    for (const input of trace.hosts) feeds[input.name] = hostTensor(input);
    for (const input of trace.outsiders) feeds[input.name] = outsideTensor(input, heap);
    for (const place of moving)
      feeds[`number ${place}`] = numberTensor(trace.numbers[place]!, trace.numberTypes[place]!);
    const fetches: Parameters<NativeSession["run"]>[1] = {};
    outputs.forEach(({ name, shape }, i) => {
      const result = results[i];
      fetches[name] = heap && result ? nativeTensor("float32", floatsOf(heap, result), shape) : null;
    });
    const out = this.session.run(feeds, fetches, {});
    return outputs.map(({ name, shape, dtype }, i) => {
      const data = out[name]!.data as unknown as tf.TypedArray;
      return results[i] ?? tf.tensor(data.slice() as tf.TypedArray, shape as number[], dtype as "float32");
    });
  }

  /** Writes the record of its runs, if it keeps one. */
  endProfiling(): void {
    this.session.endProfiling();
  }

  dispose(): void {
    this.session.dispose();
  }
}

function hostTensor({ values, shape, dtype }: HostInput) {
  return nativeTensor(dtype, values as never, shape);
}

function numberTensor(number: number, dtype: GraphType) {
  const data = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype].of(number);
  return nativeTensor(dtype, data, []);
}

/** A tensor's numbers where they lie in the heap, or read out of another backend. */
function outsideTensor({ tensor }: OutsideInput, heap: WasmHeap | null) {
  const { dtype, shape } = tensor;
  if (heap && dtype === "float32" && heap.holds(tensor))
    return nativeTensor("float32", floatsOf(heap, tensor), shape);
  const values = tf.engine().readSync(tensor.dataId) as tf.TypedArray;
  return nativeTensor(dtype, values as never, shape);
}

function floatsOf(heap: WasmHeap, tensor: tf.TensorInfo): Float32Array {
  const at = heap.address(tensor) / 4;
  return heap.floats.subarray(at, at + tensor.shape.reduce((product, size) => product * size, 1));
}
