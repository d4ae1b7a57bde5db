import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import { OnnxGraph } from "../../files/onnx/onnx-graph.js";
import { UserError } from "../../files/user-error.js";
import type { Encoder, EncoderSpec } from "../encoder.js";
import type { FusionSpec, ModalityEncoderSpec } from "../modalities/towers-spec.js";
import { cnnNodes, patchNodes } from "./export-picture.js";
import { type ExportedSide, embeddingOutput, type InputPart, type OnnxInput } from "./exported-side.js";
import { GraphLayers } from "./graph-layers.js";

/**
 * One side of an encoder of kind "Towers": inputs named by feature (`name`, then `name.counted`, `name.boxes` and so on,
 * see InputPart) → embedding [batch, outputDim]. Rows that lack a feature get its learned embedding of "missing".
 *
 * @throws RangeError if `spec` has no towers
 */
export function exportTowers(encoder: Encoder, spec: EncoderSpec, side: "query" | "document"): ExportedSide {
  const { towers } = spec;
  if (!towers) throw new UserError("onnx: towers must be given for kind Towers, got undefined");
  const own = towers.share ? "query" : side;
  const graph = new OnnxGraph(`Towers ${side}`);
  const layers = new GraphLayers(graph, encoder.weights);
  const inputs: OnnxInput[] = [];
  const parts = towers[own].features.map((feature, m) => {
    const column = towers[side].features[m]!.feature;
    const name = `${own}.${feature.feature}`;
    const { values, missing } = new FeatureNodes(encoder, layers, inputs, column, name).embed(
      feature.encoder,
    );
    return layers.add(
      layers.mul(values, layers.complement(missing)),
      layers.mul(missing, layers.weight(`${name}.missing`)),
    );
  });
  const fused = fusionNodes(layers, towers[own].fusion, parts, `${own}.fusion`, encoder.outputDim);
  graph.node("Identity", [fused], {}, embeddingOutput);
  graph.output(embeddingOutput, "float", ["batch", encoder.outputDim]);
  return { bytes: graph.toBytes(), inputs, outputDim: encoder.outputDim, padId: 0 };
}

/** The embedding of one feature [batch, dim], and which rows lack it [batch, 1]. */
class FeatureNodes {
  constructor(
    private readonly encoder: Encoder,
    private readonly layers: GraphLayers,
    private readonly inputs: OnnxInput[],
    private readonly column: string,
    private readonly name: string,
  ) {}

  embed(spec: ModalityEncoderSpec): { values: string; missing: string } {
    const { graph } = this.layers;
    switch (spec.kind) {
      case "bag": {
        const ids = this.input("ids", "int64", ["batch", `${this.column}.length`]);
        const padding = graph.node("Equal", [ids, graph.integers(0)]);
        const counted = graph.node("Cast", [graph.node("Not", [padding])], { to: 1 });
        return this.rows(this.encoder.tables["text"]!, "text", ids, counted);
      }
      case "category": {
        const shape = ["batch", `${this.column}.length`];
        const ids = this.input("categories", "int64", shape);
        const counted = this.input("counted", "float", shape);
        return this.rows(this.encoder.tables[this.name]!, this.name, ids, counted);
      }
      case "vector": {
        const values = this.input("values", "float", ["batch", spec.inputDim]);
        return { values: this.layers.mlp(values, this.name), missing: this.missing() };
      }
      case "patches":
      case "cnn": {
        const pixels = this.input("pixels", "float", ["batch", spec.size, spec.size, 3]);
        const values =
          spec.kind === "patches"
            ? patchNodes(this.layers, pixels, this.name, spec)
            : cnnNodes(this.layers, pixels, this.name, spec, this.encoder.weights);
        return { values, missing: this.missing() };
      }
      case "regions":
        return this.regions(spec);
    }
  }

  private rows(table: EmbeddingTable, name: string, ids: string, counted: string) {
    const { graph } = this.layers;
    const constant = graph.constant(`table ${name}`, table.weights, [table.rows, table.dim]);
    const { mean, count } = this.layers.meanOfCounted(graph.node("Gather", [constant, ids]), counted);
    return { values: mean, missing: this.isZero(count) };
  }

  private regions(spec: Extract<ModalityEncoderSpec, { kind: "regions" }>) {
    const { layers, name } = this;
    const { graph } = layers;
    const length = `${this.column}.regions`;
    const features = this.input("features", "float", ["batch", length, spec.inputDim]);
    const boxes = this.input("boxes", "float", ["batch", length, 5]);
    const visible = this.input("visible", "float", ["batch", length]);
    const hide = layers.mul(graph.node("Sub", [visible, graph.scalar(1)]), graph.scalar(1e9));
    const placed = layers.add(features, layers.preluStack(boxes, `${name}.box`));
    const x = layers.norm(placed, `${name}.norm`);
    const wide = graph.node("Unsqueeze", [hide, graph.integers(1, 2)]);
    const read = layers.selfAttention(x, `${name}.attention`, spec.inputDim, spec.heads, wide);
    const attended = layers.prelu(layers.add(x, read), `${name}.attention`);
    const encoded = layers.preluStack(attended, `${name}.forward`);
    const column = graph.node("Unsqueeze", [hide, graph.integers(2)]);
    const logits = layers.add(layers.preluStack(encoded, `${name}.weight`), column);
    const shares = graph.node("Softmax", [logits], { axis: 1 });
    const projected = layers.preluStack(encoded, `${name}.projection`);
    const values = graph.node("ReduceSum", [layers.mul(shares, projected), graph.integers(1)], {
      keepdims: 0,
    });
    const count = graph.node("ReduceSum", [visible, graph.integers(1)], { keepdims: 1 });
    return { values, missing: this.isZero(count) };
  }

  private isZero(count: string): string {
    const { graph } = this.layers;
    return graph.node("Cast", [graph.node("Equal", [count, graph.scalar(0)])], { to: 1 });
  }

  private missing(): string {
    return this.input("missing", "float", ["batch", 1]);
  }

  private input(part: InputPart, type: "int64" | "float", shape: (string | number)[]): string {
    const known = this.inputs.find((input) => input.feature === this.column && input.part === part);
    if (known) return known.name;
    const first = !this.inputs.some(({ feature }) => feature === this.column);
    const name = first ? this.column : `${this.column}.${part}`;
    this.inputs.push({ name, feature: this.column, part });
    return this.layers.graph.input(name, type, shape);
  }
}

function fusionNodes(
  layers: GraphLayers,
  spec: FusionSpec,
  parts: readonly string[],
  name: string,
  dim: number,
): string {
  const { graph } = layers;
  if (spec.kind === "concat")
    return layers.mlp(
      parts.length === 1 ? parts[0]! : graph.node("Concat", parts, { axis: 1 }),
      `${name}.mlp`,
    );
  if (spec.kind === "gated_sum") {
    const all = graph.node("Concat", parts, { axis: 1 });
    const terms = parts.map((part, m) =>
      layers.mul(
        graph.node("Sigmoid", [layers.linear(all, `${name}.gate.${m}`)]),
        layers.linear(part, `${name}.project.${m}`),
      ),
    );
    return graph.node("Sum", terms);
  }
  const rows = parts.map((part, m) =>
    graph.node("Unsqueeze", [layers.linear(part, `${name}.project.${m}`), graph.integers(1)]),
  );
  const tokens = graph.node("Concat", rows, { axis: 1 });
  const scores = graph.node("MatMul", [layers.linear(tokens, `${name}.key`), layers.weight(`${name}.query`)]);
  const shares = graph.node("Softmax", [graph.node("Div", [scores, graph.scalar(Math.sqrt(dim))])], {
    axis: 1,
  });
  const read = graph.node(
    "ReduceSum",
    [layers.mul(shares, layers.linear(tokens, `${name}.value`)), graph.integers(1)],
    { keepdims: 0 },
  );
  return layers.mlp(read, `${name}.mlp`);
}
