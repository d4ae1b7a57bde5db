import * as ort from "onnxruntime-node";
import { UserError } from "../../files/user-error.js";
import type { EncoderLayer } from "../tailor/encoder-layers.js";
import { OnnxModel } from "./onnx-model.js";

/** Operators that make a layer; the values of others (shapes, casts, additions inside a layer) are not listed. */
const LAYERS =
  /^(Conv|Gemm|MatMul|BatchNormalization|LayerNormalization|Relu|Clip|Sigmoid|HardSwish|Gelu|GlobalAveragePool|AveragePool|MaxPool|ReduceMean|Flatten|Squeeze|Softmax|Add|Concat)$/;

/**
 * The layers of an ONNX picture model, by the name of their output, from a run on a blank picture. Embeddings can be taken
 * from values of [1, D], of [1, D, h, w] and of [1, T, D], whose positions are averaged; nothing of it can be trained.
 *
 * @param size  pixels on each side of the blank picture
 * @throws UserError for bytes that are no model, or one that does not take a picture of that size
 */
export async function onnxLayers(
  bytes: Uint8Array,
  source: string,
  options: { size: number; layout: "nchw" | "nhwc" },
): Promise<(EncoderLayer & { operator: string })[]> {
  const model = new OnnxModel(bytes, source);
  const nodes = model.nodes.filter(({ operator }) => LAYERS.test(operator));
  const names = nodes.map(({ outputs }) => outputs[0]!);
  const { size, layout } = options;
  const shape = layout === "nchw" ? [1, 3, size, size] : [1, size, size, 3];
  let values: ort.InferenceSession.OnnxValueMapType;
  try {
    const session = await ort.InferenceSession.create(model.withOutputs(names), {
      graphOptimizationLevel: "disabled",
      logSeverityLevel: 4,
    });
    const input = new ort.Tensor("float32", new Float32Array(3 * size * size), shape);
    values = await session.run({ [session.inputNames[0]!]: input });
    await session.release();
  } catch (error) {
    throw new UserError(
      `${source}: must take one picture of ${shape.join(" · ")}, got: ${(error as Error).message.split("\n")[0]}`,
    );
  }
  return nodes.map(({ operator, inputs, outputs }) => {
    const name = outputs[0]!;
    const dims = values[name]?.dims ?? [];
    return {
      ...{ name, operator, outputShape: [...dims.slice(1)], trainable: false },
      parameters: inputs.reduce((sum, input) => sum + (model.constants.get(input) ?? 0), 0),
      embedding: dims[0] === 1 && [2, 3, 4].includes(dims.length) && operator !== "Softmax",
    };
  });
}
