import type * as tf from "@tensorflow/tfjs";
import type { OnnxGraph } from "../../files/onnx/onnx-graph.js";

/** Layers as the encoders name their parameters, as nodes of a graph. */
export class GraphLayers {
  constructor(
    readonly graph: OnnxGraph,
    private readonly weights: Readonly<Record<string, tf.Variable>>,
  ) {}

  has(name: string): boolean {
    return name in this.weights;
  }

  /** A weight by name; with another shape of as many entries if one is given. */
  weight(name: string, shape?: readonly number[]): string {
    const variable = this.weights[name]!;
    return this.graph.constant(name, variable.dataSync() as Float32Array, shape ?? variable.shape);
  }

  /** x · weight + bias over the last axis. */
  linear(x: string, name: string): string {
    return this.add(
      this.graph.node("MatMul", [x, this.weight(`${name}.weight`)]),
      this.weight(`${name}.bias`),
    );
  }

  /** Linear layers `${name}.0`, `${name}.1`, … with ReLU between them. */
  mlp(x: string, name: string, lastRelu = false): string {
    let y = x;
    for (let i = 0; this.has(`${name}.${i}.weight`); i++) {
      y = this.linear(y, `${name}.${i}`);
      if (lastRelu || this.has(`${name}.${i + 1}.weight`)) y = this.graph.node("Relu", [y]);
    }
    return y;
  }

  /** Linear layers with the PReLU that each of them may have. */
  preluStack(x: string, name: string): string {
    let y = x;
    for (let i = 0; this.has(`${name}.${i}.weight`); i++) {
      y = this.linear(y, `${name}.${i}`);
      if (this.has(`${name}.${i}.slope`)) y = this.prelu(y, `${name}.${i}`);
    }
    return y;
  }

  prelu(x: string, name: string): string {
    return this.graph.node("PRelu", [x, this.weight(`${name}.slope`, [1])]);
  }

  /** Layer norm over the last axis. */
  norm(x: string, name: string, epsilon = 1e-5): string {
    return this.graph.node(
      "LayerNormalization",
      [x, this.weight(`${name}.scale`), this.weight(`${name}.shift`)],
      { axis: -1, epsilon: { float: epsilon } },
    );
  }

  /** Multi-head self-attention of x [batch, length, width]; `hide` [batch, 1, 1, length] is added to the scores. */
  selfAttention(x: string, name: string, width: number, heads: number, hide: string | null): string {
    const { graph } = this;
    const dim = width / heads;
    const split = (part: string, perm: number[]) =>
      graph.node(
        "Transpose",
        [graph.node("Reshape", [this.linear(x, `${name}.${part}`), graph.integers(0, 0, heads, dim)])],
        { perm },
      );
    const products = graph.node("MatMul", [split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1])]);
    const scores = graph.node("Div", [products, graph.scalar(Math.sqrt(dim))]);
    const shares = graph.node("Softmax", [hide === null ? scores : this.add(scores, hide)], { axis: -1 });
    const read = graph.node("MatMul", [shares, split("value", [0, 2, 1, 3])]);
    const together = graph.node("Transpose", [read], { perm: [0, 2, 1, 3] });
    return this.linear(graph.node("Reshape", [together, graph.integers(0, 0, width)]), `${name}.out`);
  }

  add(a: string, b: string): string {
    return this.graph.node("Add", [a, b]);
  }

  mul(a: string, b: string): string {
    return this.graph.node("Mul", [a, b]);
  }

  /** 1 − x */
  complement(x: string): string {
    return this.graph.node("Sub", [this.graph.scalar(1), x]);
  }

  /** Σ counted · rows / max(1, Σ counted), and Σ counted [batch, 1], of rows [batch, length, dim]. */
  meanOfCounted(rows: string, counted: string): { mean: string; count: string } {
    const { graph } = this;
    const sums = graph.node("MatMul", [graph.node("Unsqueeze", [counted, graph.integers(1)]), rows]);
    const count = graph.node("ReduceSum", [counted, graph.integers(1)], { keepdims: 1 });
    const mean = graph.node("Div", [
      graph.node("Squeeze", [sums, graph.integers(1)]),
      graph.node("Max", [count, graph.scalar(1)]),
    ]);
    return { mean, count };
  }
}
