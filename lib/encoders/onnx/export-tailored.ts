import { OnnxGraph } from "../../files/onnx/onnx-graph.js";
import type { EncoderSpec } from "../encoder.js";
import { cutSpec } from "../tailor/cut-spec.js";
import { BATCH_NORM_EPSILON, type ProjectionHead } from "../tailor/projection-head.js";
import type { TailoredEncoder } from "../tailor/tailored-encoder.js";
import { type ExportedSide, embeddingOutput } from "./exported-side.js";
import { GraphLayers } from "./graph-layers.js";
import { OnnxModel } from "./onnx-model.js";

const BELOW = "below the head";

/** The base's graph with the head's layers after it, by its running statistics. */
export function exportTailored(
  { base, head, outputDim }: TailoredEncoder,
  { tailor, ...spec }: EncoderSpec,
  exportBase: (spec: EncoderSpec) => ExportedSide,
): ExportedSide {
  const side = exportBase(tailor?.layer ? cutSpec(spec, tailor.layer) : spec);
  if (!head) return side;
  const graph = new OnnxGraph(`${base.kind} head`);
  headNodes(graph, head);
  graph.output(embeddingOutput, "float", ["batch", outputDim]);
  const addition = new OnnxModel(graph.toBytes(), "head");
  const model = new OnnxModel(side.bytes, base.kind);
  return { ...side, outputDim, bytes: model.extended({ from: embeddingOutput, to: BELOW }, addition) };
}

function headNodes(graph: OnnxGraph, head: ProjectionHead): void {
  const parts = new GraphLayers(graph, head.weights);
  let x = BELOW;
  for (let i = 0; i < head.layers; i++) {
    const of = (name: string) => parts.weight(`head.${i}.${name}`);
    const y = graph.node("MatMul", [x, of("weight")], {}, `head ${i} linear`);
    const inputs = [y, of("scale"), of("shift"), of("mean"), of("variance")];
    const last = i === head.layers - 1;
    const epsilon = { float: BATCH_NORM_EPSILON };
    x = graph.node("BatchNormalization", inputs, { epsilon }, last ? embeddingOutput : `head ${i} norm`);
    if (!last) x = graph.node("Relu", [x], {}, `head ${i} relu`);
  }
}
