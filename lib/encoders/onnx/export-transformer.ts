import { OnnxGraph } from "../../files/onnx/onnx-graph.js";
import { type GemOptions, gemDefaults } from "../gem.js";
import { wordTableName } from "../transformer/architecture.js";
import type { BertModel } from "../transformer/bert-model.js";
import type { Pooling } from "../transformer/pooling.js";
import { namedWeights, type TransformerEncoder } from "../transformer/transformer-encoder.js";
import { type ExportedSide, embeddingOutput } from "./exported-side.js";

/**
 * One side of a transformer encoder, with its pooling and normalisation: input_ids, attention_mask and token_type_ids,
 * each int64 [batch, length] → embedding [batch, outputDim].
 */
export function exportTransformer(encoder: TransformerEncoder, side: "query" | "document"): ExportedSide {
  const { spec } = encoder;
  const graph = new OnnxGraph(`Transformer ${side}`);
  const ids = graph.input("input_ids", "int64", ["batch", "length"]);
  const mask = graph.input("attention_mask", "int64", ["batch", "length"]);
  const types = graph.input("token_type_ids", "int64", ["batch", "length"]);
  const layers = new TransformerGraph(graph, encoder.models[side]);
  const visible = graph.node("Cast", [mask], { to: 1 });
  const hidden = layers.forward(ids, types, visible);
  let pooled = layers.pool(spec.pooling, hidden, visible, spec.gem);
  if (spec.normalize) {
    const norm = graph.node("ReduceL2", [pooled], { axes: [1], keepdims: 1 });
    pooled = graph.node("Div", [pooled, graph.node("Max", [norm, graph.scalar(1e-12)])]);
  }
  graph.node("Identity", [pooled], {}, embeddingOutput);
  graph.output(embeddingOutput, "float", ["batch", encoder.outputDim]);
  const feature = side === "query" ? spec.queryTextFeature : spec.documentTextFeature;
  return {
    bytes: graph.toBytes(),
    inputs: (["input_ids", "attention_mask", "token_type_ids"] as const).map((part) => ({
      name: part,
      feature,
      part,
    })),
    outputDim: encoder.outputDim,
    padId: spec.padId ?? 0,
  };
}

/** BertModel's layers as nodes; hidden states are [batch, length, D] throughout. */
class TransformerGraph {
  private readonly weights: ReturnType<typeof namedWeights>;

  constructor(
    private readonly graph: OnnxGraph,
    private readonly model: BertModel,
  ) {
    this.weights = namedWeights(model);
  }

  forward(ids: string, types: string, visible: string): string {
    const { graph } = this;
    const words = graph.node("Gather", [this.parameter(wordTableName), ids]);
    const typeRows = graph.node("Gather", [this.parameter("embeddings.token_type_embeddings.weight"), types]);
    const length = graph.node("Slice", [
      graph.node("Shape", [ids]),
      graph.integers(1),
      graph.integers(2),
      graph.integers(0),
    ]);
    const positions = graph.node("Slice", [
      this.parameter("embeddings.position_embeddings.weight"),
      graph.integers(0),
      length,
      graph.integers(0),
    ]);
    let x = this.norm("embeddings.LayerNorm", this.add(this.add(words, typeRows), positions));
    const row = graph.node("Unsqueeze", [visible, graph.integers(1, 2)]); // [batch, 1, 1, length]
    const hide = graph.node("Mul", [graph.node("Sub", [row, graph.scalar(1)]), graph.scalar(1e9)]);
    for (let layer = 0; layer < this.model.architecture.numHiddenLayers; layer++)
      x = this.layer(`encoder.layer.${layer}`, x, hide);
    return x;
  }

  pool(kind: Pooling, hidden: string, visible: string, { p, eps }: GemOptions = gemDefaults): string {
    const { graph } = this;
    if (kind === "cls" || kind === "pooler") {
      const first = graph.node("Gather", [hidden, graph.constant("first", BigInt64Array.of(0n), [])], {
        axis: 1,
      });
      return kind === "cls" ? first : graph.node("Tanh", [this.dense("pooler.dense", first)]);
    }
    if (kind === "max") {
      const column = graph.node("Unsqueeze", [visible, graph.integers(2)]);
      const hide = graph.node("Mul", [graph.node("Sub", [column, graph.scalar(1)]), graph.scalar(1e9)]);
      return graph.node("ReduceMax", [this.add(hidden, hide)], { axes: [1], keepdims: 0 });
    }
    const count = graph.node("ReduceSum", [visible, graph.integers(1)], { keepdims: 1 });
    const shares = graph.node("Unsqueeze", [graph.node("Div", [visible, count]), graph.integers(1)]);
    const mean = (x: string) => graph.node("Squeeze", [graph.node("MatMul", [shares, x]), graph.integers(1)]);
    if (kind === "mean") return mean(hidden);
    const above = graph.node("Max", [hidden, graph.scalar(eps)]);
    return graph.node("Pow", [mean(graph.node("Pow", [above, graph.scalar(p)])), graph.scalar(1 / p)]);
  }

  private layer(prefix: string, x: string, hide: string): string {
    const { graph } = this;
    const attended = this.dense(`${prefix}.attention.output.dense`, this.attention(prefix, x, hide));
    const first = this.norm(`${prefix}.attention.output.LayerNorm`, this.add(attended, x));
    const inner = this.dense(`${prefix}.intermediate.dense`, first);
    // x · ½ (1 + erf(x / √2)), in the order in which ONNX Runtime knows it as one operator
    const erf = graph.node("Erf", [graph.node("Div", [inner, graph.scalar(Math.SQRT2)])]);
    const gelu = graph.node("Mul", [
      graph.node("Mul", [inner, graph.node("Add", [erf, graph.scalar(1)])]),
      graph.scalar(0.5),
    ]);
    return this.norm(
      `${prefix}.output.LayerNorm`,
      this.add(this.dense(`${prefix}.output.dense`, gelu), first),
    );
  }

  private attention(prefix: string, x: string, hide: string): string {
    const { graph } = this;
    const { hiddenSize: D, numAttentionHeads: H } = this.model.architecture;
    const heads = (part: string, perm: number[]) =>
      graph.node(
        "Transpose",
        [
          graph.node("Reshape", [
            this.dense(`${prefix}.attention.self.${part}`, x),
            graph.integers(0, 0, H, D / H),
          ]),
        ],
        { perm },
      );
    const products = graph.node("MatMul", [heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1])]);
    const scaled = graph.node("Div", [products, graph.scalar(Math.sqrt(D / H))]);
    const shares = graph.node("Softmax", [this.add(scaled, hide)], { axis: -1 });
    const context = graph.node("MatMul", [shares, heads("value", [0, 2, 1, 3])]);
    const together = graph.node("Transpose", [context], { perm: [0, 2, 1, 3] });
    return graph.node("Reshape", [together, graph.integers(0, 0, D)]);
  }

  private dense(name: string, x: string): string {
    const { data, shape } = this.weights[`${name}.weight`]!;
    const [out, into] = shape as [number, number];
    const upright = new Float32Array(data.length); // [in, out], as MatMul takes it
    for (let i = 0; i < into; i++) for (let o = 0; o < out; o++) upright[i * out + o] = data[o * into + i]!;
    const weight = this.graph.constant(`${name}.weight transposed`, upright, [into, out]);
    return this.add(this.graph.node("MatMul", [x, weight]), this.parameter(`${name}.bias`));
  }

  private norm(name: string, x: string): string {
    return this.graph.node(
      "LayerNormalization",
      [x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`)],
      { axis: -1, epsilon: { float: this.model.architecture.layerNormEps } },
    );
  }

  private add(a: string, b: string): string {
    return this.graph.node("Add", [a, b]);
  }

  private parameter(name: string): string {
    const { data, shape } = this.weights[name]!;
    return this.graph.constant(name, data, shape);
  }
}
