import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { type DropoutDraws, dropout } from "../dropout.js";
import { type LayerNormParameters, layerNorm, layerNormParameters } from "../layer-norm.js";
import { applyLinear, type LinearParameters, type ParameterSet } from "../parameter-set.js";
import { prelu, preluSlope } from "../prelu.js";
import { maskBias, maskedSoftmax } from "./masks.js";
import { type AttentionParameters, attentionParameters, selfAttention } from "./self-attention.js";

export interface RegionEncoderOptions {
  /** entries of a region's features (2048 in the task) */
  featureDim: number;
  /** hidden width of the box encoder (100) */
  boxHidden: number;
  /** attention heads (16); divides featureDim */
  attentionHeads: number;
  /** hidden width of the feed-forward part (4096) */
  forwardHidden: number;
  /** hidden widths of the region weight; [512] in pre-training and [512, 256, 128] after it as published */
  weightHidden: readonly number[];
  /** hidden widths of the projection; [2048] in pre-training and [5120] after it as published */
  projectionHidden: readonly number[];
  /** entries of a head: those of a word vector (1024) */
  dim: number;
  /** heads for words beside the one for sentences (4) */
  labelHeads: number;
  /** in training (0.1) */
  dropout: number;
}

/** Regions of B pictures, padded to R: features [B, R, featureDim], boxes [B, R, 5]. */
export interface RegionInput {
  features: tf.Tensor3D;
  boxes: tf.Tensor3D;
  /** real regions of each picture */
  counts: ArrayLike<number>;
}

/** The heads of B pictures: one for sentences [B, dim], some for words [B, labelHeads, dim]. */
export interface ImageHeads {
  caption: tf.Tensor2D;
  labels: tf.Tensor3D;
}

interface Stack {
  layers: LinearParameters[];
  slopes: tf.Variable<tf.Rank.R0>[];
}

/**
 * Regions and boxes → self-attention → weighted mean of projections → heads. Parameters are grouped by the first part
 * of their name: box, norm, attention, forward, weight, projection.
 *
 * One shape serves pre-training and what follows it (as published they differ, so its export cannot be loaded).
 *
 * @see specs/3-kdd-multimodal-recall.md section 5 and quirk 2
 */
export class RegionEncoder {
  private readonly box: Stack;
  private readonly norm: LayerNormParameters;
  private readonly attention: AttentionParameters;
  private readonly attended: tf.Variable<tf.Rank.R0>;
  private readonly forward: Stack;
  private readonly weight: Stack;
  private readonly projection: Stack;

  /** @throws RangeError if attentionHeads does not divide featureDim */
  constructor(
    readonly options: RegionEncoderOptions,
    parameters: ParameterSet,
  ) {
    const { featureDim, boxHidden, attentionHeads, forwardHidden, dim, labelHeads } = options;
    if (featureDim % attentionHeads !== 0)
      throw new UserError(
        `RegionEncoder: attentionHeads must divide featureDim ${featureDim}, got ${attentionHeads}`,
      );
    const inner = [forwardHidden, featureDim];
    this.box = stack(parameters.within("box"), [5, boxHidden, featureDim], true);
    this.norm = layerNormParameters(parameters, "norm", featureDim);
    this.attention = attentionParameters(parameters, "attention", featureDim);
    this.attended = preluSlope(parameters, "attention");
    this.forward = stack(parameters.within("forward"), [featureDim, ...inner], true);
    this.weight = stack(parameters.within("weight"), [featureDim, ...options.weightHidden, 1], false);
    const projected = [featureDim, ...options.projectionHidden, (labelHeads + 1) * dim];
    this.projection = stack(parameters.within("projection"), projected, false);
  }

  /** @param draws what dropout draws from; null outside training */
  embed(input: RegionInput, draws: DropoutDraws | null): ImageHeads {
    const { dropout: rate, attentionHeads, dim, labelHeads } = this.options;
    const drawn = rate > 0 ? draws : null;
    const [batch, regions] = input.features.shape;
    const bias = maskBias(input.counts, regions);
    const placed = tf.add(input.features, applyStack(input.boxes, this.box, 0, null));
    const x = dropout(layerNorm(placed, this.norm), rate, drawn) as tf.Tensor3D;
    const { output } = selfAttention(x, bias, this.attention, {
      heads: attentionHeads,
      dropout: rate,
      draws: drawn,
    });
    const attended = prelu(tf.add(x, dropout(output, rate, drawn)), this.attended);
    const encoded = applyStack(attended, this.forward, 0, null);
    const logits = tf.reshape(applyStack(encoded, this.weight, rate, drawn), [batch, regions]);
    const values = applyStack(encoded, this.projection, rate, drawn) as tf.Tensor3D;
    return splitHeads(poolRegions(values, logits as tf.Tensor2D, bias).pooled, labelHeads, dim);
  }
}

/**
 * Softmax of the logits without padding, and the mean of the regions' vectors that it weighs.
 *
 * @param values [B, R, P], logits [B, R], bias [B, R] (0, or −1e9 at padding)
 */
export function poolRegions(
  values: tf.Tensor3D,
  logits: tf.Tensor2D,
  bias: tf.Tensor2D,
): { weights: tf.Tensor2D; pooled: tf.Tensor2D } {
  const weights = maskedSoftmax(logits, bias) as tf.Tensor2D;
  const pooled = tf.squeeze(tf.matMul(tf.expandDims(weights, 1), values), [1]) as tf.Tensor2D;
  return { weights, pooled };
}

/** [B, (heads + 1) · dim], row-major: the first `dim` entries are the caption head, the others the label heads. */
export function splitHeads(pooled: tf.Tensor2D, labelHeads: number, dim: number): ImageHeads {
  const batch = pooled.shape[0];
  return {
    caption: tf.slice2d(pooled, [0, 0], [batch, dim]),
    labels: tf.reshape(tf.slice2d(pooled, [0, dim], [batch, labelHeads * dim]), [batch, labelHeads, dim]),
  };
}

/** Linear layers of these widths; PReLU between them, and after the last one too if `last`. */
function stack(set: ParameterSet, widths: readonly number[], last: boolean): Stack {
  const layers = widths.slice(1).map((width, i) => set.linear(String(i), widths[i]!, width));
  const slopes = layers.slice(0, last ? undefined : -1).map((_, i) => preluSlope(set, String(i)));
  return { layers, slopes };
}

function applyStack(
  x: tf.Tensor,
  { layers, slopes }: Stack,
  rate: number,
  draws: DropoutDraws | null,
): tf.Tensor {
  let y = x;
  layers.forEach((layer, i) => {
    y = applyLinear(y, layer);
    const slope = slopes[i];
    if (slope !== undefined) y = dropout(prelu(y, slope), rate, draws);
  });
  return y;
}
