import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { Emitter } from "./emitter.js";
import { TraceError } from "./trace-error.js";
import type { Tracing } from "./tracing.js";

/** Types of numbers that graphs hold. */
export type GraphType = "float32" | "int32" | "bool";

/** A tensor of the graph: its name, and the shape that its values have before broadcasting to `shape`. */
export interface Value extends tf.TensorInfo {
  id: number;
  name: string;
  physical: readonly number[];
  /** the one number that all entries are, if known when the graph is written */
  uniform: number | null;
  /** how it was computed, if from numbers of the host alone */
  host: HostValue | null;
}

/** Numbers of the host, or a kernel over such. */
export type HostValue =
  | { values: tf.TypedArray }
  | { kernel: string; inputs: Record<string, Value>; attributes: object; output: number };

/** Numbers that the host hands the graph at each run. */
export interface HostInput {
  name: string;
  values: tf.TypedArray;
  shape: number[];
  dtype: GraphType;
}

/** A tensor of the program's backend that the graph reads. */
export interface OutsideInput {
  name: string;
  tensor: tf.TensorInfo;
}

const graphTypes = { float32: "float", int32: "int32", bool: "bool" } as const;

/**
 * One run of a function under trace: what it would compute, written as a graph (or, silently, only as a key that is equal if
 * the graph is), and the numbers that this run hands to the graph.
 *
 * Whatever numbers it makes are inputs of the graph, so that masks, labels, draws and schedules are those of the run. Constants
 * are the single numbers 0 and 1, and those that a kernel asks for by {@link pin}; the key names them.
 */
export class Trace implements Tracing {
  readonly emit: Emitter;
  readonly hosts: HostInput[] = [];
  readonly outsiders: OutsideInput[] = [];
  /** single numbers, but for constants */
  readonly numbers: { value: number; dtype: GraphType }[] = [];
  readonly boundaries: ((gradient: tf.Tensor) => void)[] = [];
  readonly watched: { value: Value; take: (values: Float32Array) => void }[] = [];
  /** gradients of boundaries, by their place */
  readonly slopes: { boundary: number; value: Value }[] = [];
  /** tensors made outside while tracing; freed once the graph has run */
  readonly made: tf.Tensor[] = [];
  /** the innermost op written last, for messages */
  op = "";
  private readonly parts: string[] = [];
  private readonly values = new Map<object, Value>();
  /** clones of tensors: they leave no mark, as there are more of them where a gradient is asked for */
  private readonly clones = new Map<object, tf.TensorInfo>();
  private count = 0;
  private inGradient = false;

  constructor(
    silent: boolean,
    private readonly elsewhere: <T>(compute: () => T) => T,
  ) {
    this.emit = new Emitter(silent);
  }

  /** Equal for equal graphs, up to the values of single numbers. */
  get key(): string {
    return this.parts.join("\n");
  }

  /** From here on ops belong to a gradient, whose tensors of one number (tfjs's ones) are constants. */
  beginGradient(): void {
    this.inGradient = true;
  }

  /** Notes a call; gives its outputs their places. */
  note(kernel: string, inputs: readonly Value[], attributes: object | undefined): void {
    this.op = kernel;
    let line = kernel;
    for (const { id } of inputs) line += ` ${id}`;
    if (attributes) line += JSON.stringify(attributes);
    this.parts.push(line);
  }

  /** The number of the value that a tensor stands for; −1 where the function has not used it. */
  idOf(tensor: tf.TensorInfo): number {
    return this.values.get(this.origin(tensor).dataId)?.id ?? -1;
  }

  /** The value that a tensor stands for, an input of the graph where it comes from outside. */
  of(given: tf.TensorInfo): Value {
    const tensor = this.origin(given);
    const known = this.values.get(tensor.dataId);
    if (known) return known;
    if ((tensor as Partial<tf.Tensor>).isDisposed)
      throw new UserError(
        `jit: tensors must not be disposed of before the call, got one of shape [${tensor.shape}]`,
      );
    const dtype = graphType(tensor.dtype);
    const name = `outside ${this.outsiders.length}`;
    this.outsiders.push({ name, tensor });
    this.emit.input(name, graphTypes[dtype], tensor.shape);
    this.parts.push(`outside ${dtype} ${tensor.shape.join(",")}`);
    const value = this.value(name, tensor.shape, dtype);
    this.values.set(tensor.dataId, value);
    return value;
  }

  /** Another handle of a tensor. */
  clone(of: tf.TensorInfo): tf.TensorInfo {
    const { shape, dtype } = of;
    const dataId = {};
    this.clones.set(dataId, this.origin(of));
    return { dataId, shape, dtype };
  }

  /** Numbers that the function makes into a tensor. */
  write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const type = graphType(dtype);
    const typed = typedValues(values, type);
    const value = this.input(typed, shape, type);
    value.host = { values: typed };
    this.values.set(value.dataId, value);
    return value.dataId;
  }

  /** A value of the graph. */
  value(
    name: string,
    shape: readonly number[],
    dtype: tf.DataType,
    physical: readonly number[] = shape,
    uniform: number | null = null,
  ): Value {
    const dataId = {};
    const value: Value = {
      dataId,
      shape: shape as number[],
      dtype,
      id: this.count++,
      name,
      physical,
      uniform,
      host: null,
    };
    this.values.set(dataId, value);
    return value;
  }

  /** A tensor of one number, whatever its shape: one entry of the file, broadcast where it is used. */
  filled(number: number, shape: readonly number[], dtype: tf.DataType): Value {
    const { emit } = this;
    const name =
      dtype === "float32"
        ? emit.scalar(number)
        : emit.constant(
            `${dtype} ${number}`,
            () => (dtype === "int32" ? Int32Array.of(number) : Uint8Array.of(number)),
            [],
          );
    return this.value(name, shape, dtype, [], number);
  }

  /** The number that all entries are, if it is one of the host: from here on a constant of the graph. */
  pin(value: Value): number | null {
    if (value.uniform !== null || value.host === null || value.physical.length > 0) return value.uniform;
    const [number] = this.read(value.dataId);
    this.parts.push(`pinned ${value.id} ${number}`);
    return number!;
  }

  /** The name of a value with all its entries. */
  full(value: Value): string {
    if (same(value.physical, value.shape)) return value.name;
    const { emit } = this;
    return emit.node("Expand", [value.name, emit.integers(value.shape)]);
  }

  /** Makes a value an output of the graph, by a name. */
  output(value: Value, name: string): void {
    this.emit.output(this.full(value), name, graphTypes[graphType(value.dtype)], value.shape);
  }

  /** The numbers of a value that no input of the graph has a part in. @throws TraceError for any other */
  read(dataId: object): tf.TypedArray {
    const origin = this.clones.get(dataId);
    const value = this.values.get(origin?.dataId ?? dataId);
    if (!value) return tf.engine().readSync(origin!.dataId) as tf.TypedArray;
    if (!value.host) throw new TraceError(`values of a result are read (dataSync) after op ${this.op}`);
    return this.elsewhere(() => tf.tidy(() => this.computed(value).dataSync() as tf.TypedArray));
  }

  outside<T extends tf.Tensor>(compute: () => T): T {
    const made = this.elsewhere(() => tf.keep(compute()));
    this.made.push(made);
    return made;
  }

  boundary(value: tf.Tensor, anchor: tf.Tensor, take: (gradient: tf.Tensor) => void): tf.Tensor {
    const boundary = this.boundaries.push(take) - 1;
    const op = tf.customGrad(() => ({
      value: tf.clone(value),
      gradFunc: (slope: tf.Tensor) => {
        this.slopes.push({ boundary, value: this.of(slope) });
        return tf.scalar(0);
      },
    }));
    return op(anchor);
  }

  later(value: tf.Tensor, take: (values: Float32Array) => void): void {
    this.watched.push({ value: this.of(value), take });
  }

  private origin(tensor: tf.TensorInfo): tf.TensorInfo {
    return this.clones.get(tensor.dataId) ?? tensor;
  }

  private input(values: tf.TypedArray, shape: number[], dtype: GraphType): Value {
    if (values.length === 1) return this.single(values[0]!, shape, dtype);
    if (this.inGradient && values.length > 0 && values.every((value) => value === values[0])) {
      this.parts.push(`filled ${dtype} ${values[0]} ${shape.join(",")}`);
      return this.filled(values[0]!, shape, dtype);
    }
    return this.host(values, shape, dtype);
  }

  private single(number: number, shape: number[], dtype: GraphType): Value {
    const constant = number === 0 || number === 1;
    this.parts.push(`number ${dtype} ${shape.length}${constant ? ` = ${number}` : ""}`);
    if (constant) return this.filled(number, shape, dtype);
    const name = `number ${this.numbers.push({ value: number, dtype }) - 1}`;
    this.emit.input(name, graphTypes[dtype], []);
    return this.value(name, shape, dtype, []);
  }

  private host(values: tf.TypedArray, shape: number[], dtype: GraphType): Value {
    const name = `host ${this.hosts.length}`;
    this.hosts.push({ name, values, shape, dtype });
    this.emit.input(name, graphTypes[dtype], shape);
    this.parts.push(`host ${dtype} ${shape.join(",")}`);
    return this.value(name, shape, dtype);
  }

  private computed(value: Value): tf.Tensor {
    const { host } = value;
    if (host === null) throw new TraceError(`values of a result are read (dataSync) after op ${this.op}`);
    if ("values" in host) return tf.tensor(host.values, value.shape, value.dtype);
    const inputs: Record<string, tf.Tensor> = Array.isArray(host.inputs) ? ([] as never) : {};
    for (const [name, input] of Object.entries(host.inputs)) inputs[name] = this.computed(input);
    const result = tf.engine().runKernel(host.kernel, inputs, host.attributes as never) as
      | tf.Tensor
      | tf.Tensor[];
    return Array.isArray(result) ? result[host.output]! : result;
  }
}

function graphType(dtype: tf.DataType): GraphType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new TraceError(`a tensor of type ${dtype} has no place in a graph`);
}

function typedValues(values: tf.BackendValues, dtype: GraphType): tf.TypedArray {
  const numbers = values as unknown as number[];
  if (dtype === "float32") return values instanceof Float32Array ? values : Float32Array.from(numbers);
  if (dtype === "int32") return values instanceof Int32Array ? values : Int32Array.from(numbers);
  return values instanceof Uint8Array ? values : Uint8Array.from(numbers);
}

/** Whether two shapes are equal. */
export function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
