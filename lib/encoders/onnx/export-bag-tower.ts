import { OnnxGraph } from "../../files/onnx/onnx-graph.js";
import type { EncoderSpec } from "../encoder.js";
import type { Mlp } from "../mlp.js";
import type { TowerEncoder } from "../tower-encoder.js";
import { tokenWeightsTable } from "../two-tower.js";
import { type ExportedSide, embeddingOutput, type OnnxInput } from "./exported-side.js";

/**
 * One side of a bag-of-embeddings encoder: ids [batch, length] (int64, 0 = padding), for MultiModalTwoTower's documents
 * category [batch] too → embedding [batch, outputDim].
 */
export function exportBagTower(
  encoder: TowerEncoder,
  spec: EncoderSpec,
  side: "query" | "document",
): ExportedSide {
  const graph = new OnnxGraph(`${encoder.kind} ${side}`);
  const inputs: OnnxInput[] = [
    {
      name: "ids",
      feature: side === "query" ? spec.queryTextFeature : spec.documentTextFeature,
      part: "ids",
    },
  ];
  const ids = graph.input("ids", "int64", ["batch", "length"]);
  const text = encoder.tables["text"] ?? encoder.tables[`${side}_text`]!;
  const rows = graph.node("Gather", [graph.constant("table text", text.weights, [text.rows, text.dim]), ids]);
  let x =
    encoder.kind === "LinearEncoder"
      ? graph.node("ReduceMean", [rows], { axes: [1], keepdims: 0 })
      : meanOfTokens(graph, ids, rows, weightsOf(graph, encoder, ids));
  const category = encoder.tables["category"];
  if (category && side === "document") {
    inputs.push({ name: "category", feature: spec.documentCategoricalFeature!, part: "category" });
    const table = graph.constant("table category", category.weights, [category.rows, category.dim]);
    const row = graph.node("Gather", [table, graph.input("category", "int64", ["batch"])]);
    x = graph.node("Concat", [x, row], { axis: 1 });
  }
  const tower = encoder.towers.find(({ name }) => name === side) ?? encoder.towers[0]!;
  mlp(graph, tower, x);
  graph.output(embeddingOutput, "float", ["batch", encoder.outputDim]);
  return { bytes: graph.toBytes(), inputs, outputDim: encoder.outputDim, padId: 0 };
}

/** The weight of each token, [batch, length]; null where all count alike. */
function weightsOf(graph: OnnxGraph, encoder: TowerEncoder, ids: string): string | null {
  const table = encoder.tables[tokenWeightsTable];
  if (!table) return null;
  return graph.node("Gather", [
    graph.constant(`table ${tokenWeightsTable}`, table.weights, [table.rows]),
    ids,
  ]);
}

/** Σ over non-zero ids of their rows, times their weights, divided by the number of ids or 1. */
export function meanOfTokens(graph: OnnxGraph, ids: string, rows: string, weights: string | null): string {
  const padding = graph.node("Equal", [ids, graph.integers(0)]);
  const mask = graph.node("Cast", [graph.node("Not", [padding])], { to: 1 });
  const factors = weights === null ? mask : graph.node("Mul", [mask, weights]);
  const sums = graph.node("MatMul", [graph.node("Unsqueeze", [factors, graph.integers(1)]), rows]);
  const count = graph.node("ReduceSum", [mask, graph.integers(1)], { keepdims: 1 });
  return graph.node("Div", [
    graph.node("Squeeze", [sums, graph.integers(1)]),
    graph.node("Max", [count, graph.scalar(1)]),
  ]);
}

function mlp(graph: OnnxGraph, tower: Mlp, input: string): void {
  let x = input;
  tower.layers.forEach(({ weight, bias, relu }, i) => {
    const [into, out] = weight.shape;
    x = graph.node("Gemm", [
      x,
      graph.constant(`${tower.name}.${i}.weight`, weight.dataSync() as Float32Array, [into, out]),
      graph.constant(`${tower.name}.${i}.bias`, bias.dataSync() as Float32Array, [out]),
    ]);
    if (relu) x = graph.node("Relu", [x]);
  });
  graph.node("Identity", [x], {}, embeddingOutput);
}
