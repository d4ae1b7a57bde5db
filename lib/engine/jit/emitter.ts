import { type AttributeValue, type ConstantData, OnnxGraph } from "../../files/onnx/onnx-graph.js";

/** Writes nodes of a graph; equal nodes are written once. Silent, it writes nothing and names mean nothing. */
export class Emitter {
  readonly graph: OnnxGraph | null;
  nodes = 0;
  private readonly known = new Map<string, string[]>();

  constructor(silent: boolean) {
    this.graph = silent ? null : new OnnxGraph("step");
  }

  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.split(operator, inputs, attributes, 1)[0]!;
  }

  /** A node of several outputs. */
  split(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: number,
  ): string[] {
    if (!this.graph) return new Array<string>(outputs).fill("");
    const key = `${operator}|${inputs.join("|")}|${JSON.stringify(attributes)}|${outputs}`;
    let names = this.known.get(key);
    if (!names) {
      names =
        outputs === 1
          ? [this.graph.node(operator, inputs, attributes)]
          : this.graph.split(operator, inputs, attributes, outputs);
      this.nodes++;
      this.known.set(key, names);
    }
    return names;
  }

  scalar(value: number): string {
    return this.graph?.scalar(value) ?? "";
  }

  integers(values: readonly number[]): string {
    return this.graph?.integers(...values) ?? "";
  }

  constant(name: string, make: () => ConstantData, shape: readonly number[]): string {
    return this.graph?.constant(name, make(), shape) ?? "";
  }
}
