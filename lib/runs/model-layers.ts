import fs from "node:fs";
import path from "node:path";
import { createEncoder } from "../encoders/create-encoder.js";
import { onnxLayers } from "../encoders/onnx/onnx-layers.js";
import {
  absence,
  findModel,
  isTransformerFolder,
  MODELS,
  modelFolder,
  startsFromScratch,
} from "../encoders/pretrained/model-catalogue.js";
import { readTransformerFolder } from "../encoders/pretrained/transformer-folder.js";
import { type EncoderLayer, encoderLayers } from "../encoders/tailor/encoder-layers.js";
import { selectBackend } from "../engine/backend.js";
import { Random } from "../engine/random/random.js";
import { encoderSpec } from "../experiment/specs.js";
import { UserError } from "../files/user-error.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";

/**
 * The layers of a run's encoder, a transformer (by name or folder), or an ONNX picture model: what `freeze` and `layerName` of
 * fit name.
 *
 * @param options.size  pixels on each side of the picture that an ONNX model is tried with (default 224)
 */
export async function modelLayers(
  name: string,
  options: { size?: number; layout?: "nchw" | "nhwc" } = {},
): Promise<EncoderLayer[]> {
  if (name.toLowerCase().endsWith(".onnx")) {
    if (!fs.existsSync(name)) throw new UserError(`${name}: ONNX file must exist, found none`);
    const { size = 224, layout = "nchw" } = options;
    return onnxLayers(fs.readFileSync(name), name, { size, layout });
  }
  await selectBackend();
  if (fs.existsSync(path.join(name, "manifest.json"))) {
    const { encoder, config } = await openEncoder(name);
    const layers = encoderLayers(encoder, encoderSpec(config));
    encoder.dispose();
    return layers;
  }
  const { architecture, weights, pooling, normalize } = readTransformerFolder(folderOf(name));
  const usage = { queryTextFeature: "text", documentTextFeature: "text" };
  const { vocabSize: numEmbeddings, hiddenSize } = architecture;
  const spec = {
    ...{ kind: "Transformer", ...usage, outputDim: hiddenSize },
    textEmbedding: { numEmbeddings, embeddingDim: hiddenSize },
    transformer: { architecture, pooling, normalize, sides: "shared" as const, initial: weights, ...usage },
  };
  const encoder = createEncoder(spec, new Random(0));
  const layers = encoderLayers(encoder, spec);
  encoder.dispose();
  return layers;
}

function folderOf(name: string): string {
  const named = [name, path.join(MODELS, name)].find(isTransformerFolder);
  if (named !== undefined) return named;
  const entry = findModel(name);
  if (startsFromScratch(entry))
    throw new UserError(
      `model layers: ${entry.name} has the layers that its options and data give it; name the folder of a run that trained it`,
    );
  const folder = modelFolder(entry);
  if (folder === null) throw new UserError(absence(entry));
  return folder;
}
