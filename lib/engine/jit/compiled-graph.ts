import * as tf from "@tensorflow/tfjs";
import { type WasmHeap, wasmHeap } from "../wasm-heap.js";
import { type Feeds, type NativeSession, nativeTensor } from "./native-session.js";
import type { HostInput, OutsideInput, Trace } from "./trace.js";

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
  /** single numbers of the run that it was made in; a run without a gradient written down has the first of them anew */
  numbers: Trace["numbers"];
  hash: string;
  nodes: number;
}

/** A graph in a session, and what it needs to be run. */
export class CompiledGraph {
  constructor(
    private readonly session: NativeSession,
    readonly plan: GraphPlan,
  ) {}

  /** Whether a run has another number than the one that the graph was made in. */
  hasMoved({ numbers }: Trace): boolean {
    return numbers.some(({ value }, place) => !Object.is(value, this.plan.numbers[place]!.value));
  }

  /** Runs it with what a trace handed over; tensors of the program's backend, in the order of the outputs. */
  run(trace: Trace): tf.Tensor[] {
    const { outputs, numbers } = this.plan;
    const heap = wasmHeap();
    // made before anything is fed: making them may move the heap
    const results = outputs.map(({ shape, dtype }) =>
      heap && dtype === "float32" ? heap.output(shape as number[]) : null,
    );
    const feeds: Feeds = {};
    for (const input of trace.hosts) feeds[input.name] = hostTensor(input);
    for (const input of trace.outsiders) feeds[input.name] = outsideTensor(input, heap);
    numbers.forEach((made, place) => {
      feeds[`number ${place}`] = numberTensor(trace.numbers[place] ?? made);
    });
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

function numberTensor({ value, dtype }: Trace["numbers"][number]) {
  const data = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype].of(value);
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
