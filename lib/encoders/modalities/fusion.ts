import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import { Mlp, mlpPlan } from "../mlp.js";
import { applyLinear, type LinearParameters, type ParameterSet } from "../parameter-set.js";
import type { FusionSpec } from "./towers-spec.js";

/** Joins the embeddings of a tower's features, [B, dims[m]] each, into [B, outputDim]. */
export type ModalityFusion = (parts: readonly tf.Tensor2D[]) => tf.Tensor2D;

export interface FusionParts {
  name: string;
  /** widths of the embeddings */
  dims: readonly number[];
  outputDim: number;
  parameters: ParameterSet;
  random: Random;
  /** takes in the weights that do not come from `parameters` */
  weights: Record<string, tf.Variable>;
}

export function createFusion(spec: FusionSpec, parts: FusionParts): ModalityFusion {
  if (spec.kind === "concat") return concatFusion(spec, parts);
  if (spec.kind === "gated_sum") return gatedSum(parts);
  return attentionFusion(spec.hiddenLayers, parts);
}

/** MLP([x₁ ; x₂ ; …]). @see specs/0-qdrl.md section 7 */
function concatFusion(
  { hiddenLayers, layerStart }: Extract<FusionSpec, { kind: "concat" }>,
  { name, dims, outputDim, random, weights }: FusionParts,
): ModalityFusion {
  const width = dims.reduce((a, b) => a + b, 0);
  const mlp = new Mlp(
    name,
    mlpPlan(width, hiddenLayers, outputDim, true),
    width,
    outputDim,
    random,
    layerStart,
  );
  Object.assign(weights, mlp.weights());
  return (parts) => mlp.apply(parts.length === 1 ? parts[0]! : tf.concat2d([...parts], 1));
}

/**
 * Σₘ σ(Gₘ [x₁ ; x₂ ; …] + bₘ) ⊙ (Pₘ xₘ + cₘ)
 *
 * @see Arevalo et al. 2017, arXiv:1702.01992 (there with tanh around the projection and gates of two modalities that
 *   sum to one)
 */
function gatedSum({ dims, outputDim, parameters }: FusionParts): ModalityFusion {
  const width = dims.reduce((a, b) => a + b, 0);
  const gates = dims.map((_, m) => parameters.linear(`gate.${m}`, width, outputDim));
  const projections = dims.map((dim, m) => parameters.linear(`project.${m}`, dim, outputDim));
  return (parts) => {
    const all = tf.concat2d([...parts], 1);
    const terms = parts.map((part, m) =>
      tf.mul(tf.sigmoid(applyLinear(all, gates[m]!)), applyLinear(part, projections[m]!)),
    );
    return tf.addN(terms) as tf.Tensor2D;
  };
}

/**
 * tokens tₘ = Pₘ xₘ + cₘ, αₘ = softmaxₘ(u · (K tₘ) / √D), MLP(Σ αₘ V tₘ) with a learned query u.
 */
function attentionFusion(
  hidden: readonly number[],
  { name, dims, outputDim, parameters, random, weights }: FusionParts,
): ModalityFusion {
  const projections = dims.map((dim, m) => parameters.linear(`project.${m}`, dim, outputDim));
  const query = parameters.normal<tf.Rank.R2>("query", [outputDim, 1], 1);
  const key: LinearParameters = parameters.linear("key", outputDim, outputDim);
  const value: LinearParameters = parameters.linear("value", outputDim, outputDim);
  const mlp = new Mlp(name, mlpPlan(outputDim, hidden, outputDim, true), outputDim, outputDim, random);
  Object.assign(weights, mlp.weights());
  return (parts) => {
    const tokens = tf.stack(
      parts.map((part, m) => applyLinear(part, projections[m]!)),
      1,
    );
    const keys = applyLinear(tokens, key);
    const batch = parts[0]!.shape[0];
    const scores = tf.div(
      tf.matMul(tf.reshape(keys, [batch * dims.length, outputDim]), query),
      Math.sqrt(outputDim),
    );
    const shares = tf.softmax(tf.reshape(scores, [batch, dims.length]));
    const read = tf.sum(tf.mul(tf.expandDims(shares, 2), applyLinear(tokens, value)), 1);
    return mlp.apply(read as tf.Tensor2D);
  };
}
