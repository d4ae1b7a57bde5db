import { ProtobufWriter } from "../protobuf.js";
import { UserError } from "../user-error.js";

/** Element types of ONNX by name. */
const elementTypes = { float: 1, int32: 6, int64: 7, bool: 9 } as const;

export type ElementType = keyof typeof elementTypes;

/** A name stands for an axis whose length is known only when the graph runs. */
export type Dimension = number | string;

export type AttributeValue = number | { float: number } | { text: string } | readonly number[];

/** Values of a constant; bytes are booleans. */
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

const IR_VERSION = 8;
const OPSET = 17;
/** protocol buffers cannot hold more */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * A graph of ONNX operators (operator set 17) under construction. Values are named by strings; every node has one
 * output, whose name it returns.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto for the field numbers
 */
export class OnnxGraph {
  private readonly nodes: ProtobufWriter[] = [];
  private readonly constants = new Map<string, ProtobufWriter>();
  private readonly inputs: ProtobufWriter[] = [];
  private readonly outputs: ProtobufWriter[] = [];
  private readonly domains = new Set<string>();
  private bytes = 0;
  private count = 0;

  constructor(private readonly name: string) {}

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** A constant of the file; a name given before is the same constant. */
  constant(name: string, data: ConstantData, shape: readonly number[]): string {
    if (this.constants.has(name)) return name;
    const tensor = new ProtobufWriter();
    for (const size of shape) tensor.integer(1, size);
    tensor
      .integer(2, elementTypes[elementTypeOf(data)])
      .string(8, name)
      .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.constants.set(name, tensor);
    this.bytes += data.byteLength;
    return name;
  }

  scalar(value: number): string {
    return this.constant(`scalar ${value}`, Float32Array.of(value), []);
  }

  integers(...values: number[]): string {
    return this.constant(`integers ${values.join(" ")}`, BigInt64Array.from(values, BigInt), [values.length]);
  }

  /**
   * A node; its output is called `result` or gets a name of its own.
   *
   * @param operator of ONNX, or of ONNX Runtime's own as "com.microsoft:Name"
   */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    result = `${operator} ${this.count++}`,
  ): string {
    this.split(operator, inputs, attributes, [result]);
    return result;
  }

  /** A node of several outputs, by their names. */
  split(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    results: readonly string[],
  ): void {
    const [name, domain] = operator.split(":").reverse() as [string, string?];
    const node = new ProtobufWriter();
    for (const input of inputs) node.string(1, input);
    for (const result of results) node.string(2, result);
    node.string(3, results[0]!).string(4, name);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    if (domain !== undefined) {
      node.string(7, domain);
      this.domains.add(domain);
    }
    this.nodes.push(node);
  }

  /** The file. @throws RangeError if it would exceed 2 GiB, the format's limit */
  toBytes(): Uint8Array {
    if (this.bytes > MOST_BYTES)
      throw new UserError(
        `onnx: a file must be under 2 GiB, got ${(this.bytes / 2 ** 30).toFixed(1)} GiB of parameters`,
      );
    const graph = new ProtobufWriter();
    for (const node of this.nodes) graph.message(1, node);
    graph.string(2, this.name);
    for (const tensor of this.constants.values()) graph.message(5, tensor);
    for (const input of this.inputs) graph.message(11, input);
    for (const output of this.outputs) graph.message(12, output);
    const model = new ProtobufWriter()
      .integer(1, IR_VERSION)
      .string(2, "qdrl")
      .message(7, graph)
      .message(8, new ProtobufWriter().string(1, "").integer(2, OPSET));
    for (const domain of this.domains) model.message(8, new ProtobufWriter().string(1, domain).integer(2, 1));
    return model.finish();
  }
}

function attribute(name: string, value: AttributeValue): ProtobufWriter {
  const message = new ProtobufWriter().string(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if ("text" in value) return message.string(4, value.text).integer(20, 3);
  if ("float" in value) return message.float(2, value.float).integer(20, 1);
  for (const each of value) message.integer(8, each);
  return message.integer(20, 7);
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    const dimension = new ProtobufWriter();
    dimensions.message(1, typeof size === "number" ? dimension.integer(1, size) : dimension.string(2, size));
  }
  const tensor = new ProtobufWriter().integer(1, elementTypes[type]).message(2, dimensions);
  return new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

function elementTypeOf(data: ConstantData): ElementType {
  if (data instanceof Float32Array) return "float";
  if (data instanceof Int32Array) return "int32";
  return data instanceof BigInt64Array ? "int64" : "bool";
}
