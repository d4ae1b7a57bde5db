import { UserError } from "../../files/user-error.js";
import type { EncoderSpec } from "../encoder.js";

/** Layers that a spec's encoder can be cut after, from the lowest on; what is after the last of them is the whole encoder. */
export function cutLayers(spec: EncoderSpec): string[] {
  if (spec.transformer) {
    const { architecture, sides, pooling } = spec.transformer;
    if (pooling === "pooler") return [];
    const names = Array.from({ length: architecture.numHiddenLayers }, (_, i) => `encoder.layer.${i}`);
    return sides === "shared" ? names : names.flatMap((name) => [`query.${name}`, `document.${name}`]);
  }
  const hidden = spec.hiddenLayers ?? [128];
  if (spec.kind === "TwoTower") return ["bag", ...hidden.flatMap((_, i) => [`query.${i}`, `document.${i}`])];
  if (spec.kind === "MultiModalTwoTower") return hidden.flatMap((_, i) => [`query.${i}`, `document.${i}`]);
  return [];
}

/**
 * The encoder up to and with a layer; both sides are cut at the same place.
 *
 * @throws UserError for a layer that an encoder cannot be cut after
 */
export function cutSpec(spec: EncoderSpec, layer: string): EncoderSpec {
  const known = cutLayers(spec);
  if (!known.includes(layer))
    throw new UserError(
      `tailor: layer must be one that embeddings can be taken from (${known.join(", ") || `${spec.kind} has none but its last`}), got "${layer}"`,
    );
  if (layer === "bag")
    return { ...spec, hiddenLayers: [], lastLinear: false, outputDim: spec.textEmbedding.embeddingDim };
  const at = Number(/(\d+)$/.exec(layer)![1]);
  if (spec.transformer) {
    const { transformer } = spec;
    const architecture = { ...transformer.architecture, numHiddenLayers: at + 1 };
    const frozenLayers = Math.min(transformer.frozenLayers ?? 0, at);
    return { ...spec, transformer: { ...transformer, architecture, frozenLayers } };
  }
  const hiddenLayers = (spec.hiddenLayers ?? [128]).slice(0, at + 1);
  return { ...spec, hiddenLayers, lastLinear: false, outputDim: hiddenLayers.at(-1)! };
}
