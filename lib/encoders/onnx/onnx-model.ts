import { ProtobufWriter } from "../../files/protobuf.js";
import { type ProtobufField, protobufFields } from "../../files/protobuf-fields.js";
import { UserError } from "../../files/user-error.js";

const GRAPH = 7;
const [NODE, INITIALIZER, INPUT, OUTPUT] = [1, 5, 11, 12];

/** A node of a graph. */
export interface OnnxNode {
  name: string;
  operator: string;
  inputs: string[];
  outputs: string[];
}

/**
 * An ONNX file as it lies: its nodes, how large its constants are, and the same file with other outputs. Nothing is
 * computed.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto for the field numbers
 */
export class OnnxModel {
  readonly nodes: OnnxNode[] = [];
  /** numbers in each constant, by name */
  readonly constants = new Map<string, number>();
  readonly inputs: string[] = [];
  readonly outputs: string[] = [];
  private readonly fields: ProtobufField[];
  private readonly graph: ProtobufField[];

  /** @throws UserError for bytes that hold no graph */
  constructor(bytes: Uint8Array, source: string) {
    try {
      this.fields = [...protobufFields(bytes)];
      const graph = this.fields.find(({ field }) => field === GRAPH);
      this.graph = graph ? [...protobufFields(graph.bytes)] : [];
    } catch {
      this.fields = [];
      this.graph = [];
    }
    if (this.graph.length === 0)
      throw new UserError(`${source}: must be an ONNX model, got bytes without a graph`);
    for (const { field, bytes: inner } of this.graph) {
      if (field === NODE) this.nodes.push(nodeOf(inner));
      if (field === INITIALIZER) this.constants.set(nameIn(inner, 8), sizeOf(inner));
      if (field === INPUT) this.inputs.push(nameIn(inner, 1));
      if (field === OUTPUT) this.outputs.push(nameIn(inner, 1));
    }
  }

  /** The file with these values as its only outputs; their types are left to whoever runs it. */
  withOutputs(names: readonly string[]): Uint8Array {
    const made = new Set(this.nodes.flatMap(({ outputs }) => outputs));
    const missing = names.find((name) => !made.has(name));
    if (missing !== undefined)
      throw new UserError(
        `onnx: output must be a node's (${[...made].slice(-8).join(", ")}, …), got "${missing}"`,
      );
    const graph = [
      ...this.graph.filter(({ field }) => field !== OUTPUT).map(({ raw }) => raw),
      ...names.map((name) => new ProtobufWriter().message(OUTPUT, (value) => value.string(1, name)).finish()),
    ];
    return this.rebuilt(graph);
  }

  /** The file with a value renamed in the nodes that make and read it, and further nodes and constants at its end. */
  extended(renamed: { from: string; to: string }, addition: OnnxModel): Uint8Array {
    const rename = (field: ProtobufField): Uint8Array => {
      if (field.field !== NODE) return field.raw;
      const writer = new ProtobufWriter();
      const kept: Uint8Array[] = [];
      for (const inner of protobufFields(field.bytes)) {
        const isValue = inner.field >= 1 && inner.field <= 3; // inputs, outputs, and the node's own name
        const is = isValue && text(inner.bytes) === renamed.from;
        kept.push(is ? new ProtobufWriter().string(inner.field, renamed.to).finish() : inner.raw);
      }
      return writer.bytes(NODE, joined(kept)).finish();
    };
    const own = this.graph.filter(({ field }) => field !== OUTPUT).map(rename);
    const added = addition.graph.filter(({ field }) => [NODE, INITIALIZER, OUTPUT].includes(field));
    return this.rebuilt([...own, ...added.map(({ raw }) => raw)]);
  }

  private rebuilt(graph: readonly Uint8Array[]): Uint8Array {
    const parts = this.fields.map(({ field, raw }) =>
      field === GRAPH ? new ProtobufWriter().bytes(GRAPH, joined(graph)).finish() : raw,
    );
    return joined(parts);
  }
}

function nodeOf(bytes: Uint8Array): OnnxNode {
  const node: OnnxNode = { name: "", operator: "", inputs: [], outputs: [] };
  for (const { field, bytes: value } of protobufFields(bytes)) {
    if (field === 1) node.inputs.push(text(value));
    if (field === 2) node.outputs.push(text(value));
    if (field === 3) node.name = text(value);
    if (field === 4) node.operator = text(value);
  }
  return node;
}

function nameIn(bytes: Uint8Array, wanted: number): string {
  for (const { field, bytes: value } of protobufFields(bytes)) if (field === wanted) return text(value);
  return "";
}

/** Product of a tensor's dimensions, which are written one by one or packed. */
function sizeOf(bytes: Uint8Array): number {
  let size = 1;
  for (const { field, integer, bytes: packed } of protobufFields(bytes)) {
    if (field !== 1) continue;
    if (packed.length === 0) size *= integer;
    else
      for (let at = 0, value = 0, shift = 0; at < packed.length; at++) {
        value += (packed[at]! & 127) * 2 ** shift;
        shift += 7;
        if (packed[at]! < 128) [size, value, shift] = [size * value, 0, 0];
      }
  }
  return size;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
