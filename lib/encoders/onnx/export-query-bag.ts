import { OnnxGraph } from "../../files/onnx/onnx-graph.js";
import type { EncoderSpec } from "../encoder.js";
import { DOCUMENT_AXES, type QueryBag } from "../query-bag.js";
import { meanOfTokens } from "./export-bag-tower.js";
import { type ExportedSide, embeddingOutput, type OnnxInput } from "./exported-side.js";

/**
 * One side of a QueryBag: a query's ids [batch, length] (int64, 0 = padding) → the mean of their rows; a document's given
 * vector [batch, inputDim] → its coordinates on the encoder's axes, or itself where there are none.
 */
export function exportQueryBag(
  encoder: QueryBag,
  spec: EncoderSpec,
  side: "query" | "document",
): ExportedSide {
  const graph = new OnnxGraph(`QueryBag ${side}`);
  let input: OnnxInput;
  let x: string;
  if (side === "query") {
    input = { name: "ids", feature: spec.queryTextFeature, part: "ids" };
    const ids = graph.input("ids", "int64", ["batch", "length"]);
    const { weights, rows, dim } = encoder.tables["text"]!;
    x = meanOfTokens(
      graph,
      ids,
      graph.node("Gather", [graph.constant("table text", weights, [rows, dim]), ids]),
      null,
    );
  } else {
    const width = spec.documentVectorDim!;
    input = { name: "vector", feature: spec.documentVectorFeature!, part: "values" };
    x = graph.input("vector", "float", ["batch", width]);
    const axes = encoder.weights[DOCUMENT_AXES];
    if (axes)
      x = graph.node("MatMul", [
        x,
        graph.constant(DOCUMENT_AXES, axes.dataSync() as Float32Array, [width, encoder.outputDim]),
      ]);
  }
  graph.node("Identity", [x], {}, embeddingOutput);
  graph.output(embeddingOutput, "float", ["batch", encoder.outputDim]);
  return { bytes: graph.toBytes(), inputs: [input], outputDim: encoder.outputDim, padId: 0 };
}
