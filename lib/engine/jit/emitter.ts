import { type AttributeValue, type ConstantData, OnnxGraph } from "../../files/onnx/onnx-graph.js";
import { type GraphNode, joinSums } from "./rewrite.js";

/** Collects the nodes of a graph; equal nodes are one. Silent, it collects nothing and names mean nothing. */
export class Emitter {
  private readonly graph = new OnnxGraph("step");
  private readonly written: GraphNode[] = [];
  private readonly known = new Map<string, string[]>();
  private readonly results: string[] = [];

  constructor(private readonly silent: boolean) {}

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
    sameShapes = false,
  ): string[] {
    if (this.silent) return new Array<string>(outputs).fill("");
    const key = `${operator}|${inputs.join("|")}|${JSON.stringify(attributes)}|${outputs}`;
    let names = this.known.get(key);
    if (!names) {
      const place = this.written.length;
      names = Array.from({ length: outputs }, (_, i) => `${operator} ${place}.${i}`);
      this.written.push({ operator, inputs, attributes, outputs: names, sameShapes });
      this.known.set(key, names);
    }
    return names;
  }

  scalar(value: number): string {
    return this.silent ? "" : this.graph.scalar(value);
  }

  integers(values: readonly number[]): string {
    return this.silent ? "" : this.graph.integers(...values);
  }

  constant(name: string, make: () => ConstantData, shape: readonly number[]): string {
    return this.silent ? "" : this.graph.constant(name, make(), shape);
  }

  input(...value: Parameters<OnnxGraph["input"]>): void {
    if (!this.silent) this.graph.input(...value);
  }

  output(value: string, ...[name, type, shape]: Parameters<OnnxGraph["output"]>): void {
    if (this.silent) return;
    this.written.push({ operator: "Identity", inputs: [value], attributes: {}, outputs: [name] });
    this.results.push(name);
    this.graph.output(name, type, shape);
  }

  /** The file and its number of nodes: those alone that outputs need. */
  finish(): { bytes: Uint8Array; nodes: number } {
    const nodes = needed(joinSums(needed(this.written, this.results)), this.results);
    for (const { operator, inputs, attributes, outputs } of nodes)
      this.graph.split(operator, inputs, attributes, outputs);
    return { bytes: this.graph.toBytes(), nodes: nodes.length };
  }
}

/** The nodes that results depend on, in their order. */
function needed(nodes: readonly GraphNode[], results: readonly string[]): GraphNode[] {
  const wanted = new Set(results);
  const kept: GraphNode[] = [];
  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at]!;
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    for (const input of node.inputs) wanted.add(input);
    kept.push(node);
  }
  return kept.reverse();
}
