import fs from "node:fs";
import path from "node:path";
import { nearestName } from "../../config/nearest-name.js";
import { encoders } from "../../encoders/create-encoder.js";
import {
  absence,
  findModel,
  isTransformerFolder,
  MODELS,
  modelCatalogue,
  modelFolder,
} from "../../encoders/pretrained/model-catalogue.js";
import { UserError } from "../../files/user-error.js";
import { type ModelSource, pictureKinds } from "./reading-config.js";

/** What a model's name stands for: something to build, or a run to go on from. */
export type NamedModel = ModelSource | { run: string };

/**
 * @throws UserError for a model whose weights are not here, with what brings them, and for a name that is near a known one
 */
export function namedModel(name: string): NamedModel {
  if (encoders.kinds().includes(name) || pictureKinds.includes(name)) return { kind: name };
  if (fs.existsSync(path.join(name, "manifest.json")) || fs.existsSync(path.join(name, "fit.yaml")))
    return { run: name };
  if (isTransformerFolder(name)) return { pretrained: name };
  if (name.toLowerCase().endsWith(".onnx")) {
    if (!fs.existsSync(name)) throw new UserError(`fit: model ${name} must exist, found none`);
    return { onnx: name, features: 0, size: 224, output: null };
  }
  const imported = path.join(MODELS, name);
  if (isTransformerFolder(imported)) return { pretrained: imported };
  if (fs.existsSync(name))
    throw new UserError(
      `fit: model ${name} must be a transformer's folder, a run folder or an .onnx file, got ${fs.statSync(name).isDirectory() ? `a folder with ${fs.readdirSync(name).slice(0, 6).join(", ") || "nothing in it"}` : "a file"}`,
    );
  const known = modelCatalogue.flatMap((entry) => [entry.name, ...entry.aliases]);
  const names = [...new Set([...encoders.kinds(), ...known])];
  if (!known.some((each) => each.toLowerCase() === name.toLowerCase())) {
    const nearest = nearestName(name, names);
    throw new UserError(
      `fit: unknown model "${name}"; ${nearest ? `did you mean ${nearest}?` : `known: ${names.join(", ")}, a transformer's folder, a run folder, an .onnx file`}`,
    );
  }
  const entry = findModel(name);
  const folder = modelFolder(entry);
  if (folder === null) throw new UserError(`fit: ${absence(entry)}`);
  return { pretrained: folder };
}
