import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { type GemOptions, gemOfPositions } from "../gem.js";
import { type LayerNormParameters, layerNorm, layerNormParameters } from "../layer-norm.js";
import { applyLinear, type LinearParameters, type ParameterSet } from "../parameter-set.js";

export interface PatchEncoderOptions {
  /** pixels on each side of the picture */
  size: number;
  /** pixels on each side of a patch; divides size */
  patch: number;
  /** channels of a patch inside the encoder */
  width: number;
  layers: number;
  /** how patches see each other: an MLP across patches (MLP-Mixer) or self-attention (ViT) */
  mixing: "mlp" | "attention";
  /** attention heads; divides width (attention only) */
  heads: number;
  /** how patches become one (default mean); gem counts what is above its floor eps only */
  pooling?: "mean" | "gem" | undefined;
  gem?: GemOptions;
  outputDim: number;
}

interface Layer {
  mixNorm: LayerNormParameters;
  mix: readonly LinearParameters[];
  channelNorm: LayerNormParameters;
  channel: readonly [LinearParameters, LinearParameters];
}

/**
 * Cuts a picture into patches, embeds each with its position, lets patches exchange (MLP across patches or
 * self-attention) and channels (MLP) layer by layer with residuals, and takes the mean, or the generalised mean, of the patches.
 *
 * @see Tolstikhin et al. 2021, arXiv:2105.01601; Dosovitskiy et al. 2021, arXiv:2010.11929
 */
export class PatchEncoder {
  readonly outputDim: number;
  readonly patches: number;
  private readonly embed: LinearParameters;
  private readonly position: tf.Variable<tf.Rank.R2>;
  private readonly stack: Layer[] = [];
  private readonly norm: LayerNormParameters;
  private readonly head: LinearParameters;

  /** @throws RangeError if patch does not divide size, or heads not width */
  constructor(
    private readonly options: PatchEncoderOptions,
    parameters: ParameterSet,
  ) {
    const { size, patch, width, layers, mixing, heads, outputDim } = options;
    if (size % patch !== 0) throw new UserError(`PatchEncoder: patch must divide size ${size}, got ${patch}`);
    if (mixing === "attention" && width % heads !== 0)
      throw new UserError(`PatchEncoder: heads must divide width ${width}, got ${heads}`);
    this.outputDim = outputDim;
    this.patches = (size / patch) ** 2;
    this.embed = parameters.linear("embed", patch * patch * 3, width);
    this.position = parameters.normal("position", [this.patches, width], 0.02);
    for (let layer = 0; layer < layers; layer++) {
      const set = parameters.within(String(layer));
      this.stack.push({
        mixNorm: layerNormParameters(set, "mix.norm", width),
        mix:
          mixing === "mlp"
            ? [
                set.linear("mix.0", this.patches, 2 * this.patches),
                set.linear("mix.1", 2 * this.patches, this.patches),
              ]
            : ["query", "key", "value", "out"].map((name) => set.linear(name, width, width)),
        channelNorm: layerNormParameters(set, "channel.norm", width),
        channel: [set.linear("channel.0", width, 2 * width), set.linear("channel.1", 2 * width, width)],
      });
    }
    this.norm = layerNormParameters(parameters, "norm", width);
    this.head = parameters.linear("head", width, outputDim);
  }

  /** @param pictures normalised pixels [B, size, size, 3] → [B, outputDim] */
  apply(pictures: Float32Array, batch: number): tf.Tensor2D {
    const { size, patch, mixing } = this.options;
    const cut = tf.tensor3d(cutPatches(pictures, batch, size, patch), [
      batch,
      this.patches,
      patch * patch * 3,
    ]);
    let x = tf.add(applyLinear(cut, this.embed), this.position) as tf.Tensor3D;
    for (const layer of this.stack) {
      const mixed = layerNorm(x, layer.mixNorm) as tf.Tensor3D;
      x = tf.add(x, mixing === "mlp" ? mixPatches(mixed, layer.mix) : this.attend(mixed, layer.mix));
      const [wide, narrow] = layer.channel;
      const hidden = applyLinear(layerNorm(x, layer.channelNorm), wide, true);
      x = tf.add(x, applyLinear(hidden, narrow));
    }
    const normed = layerNorm(x, this.norm) as tf.Tensor3D;
    const { pooling = "mean", gem } = this.options;
    const pooled = pooling === "mean" ? tf.mean(normed, 1) : gemOfPositions(normed, gem);
    return applyLinear(pooled, this.head) as tf.Tensor2D;
  }

  private attend(x: tf.Tensor3D, parameters: readonly LinearParameters[]): tf.Tensor3D {
    const [batch, patches, width] = x.shape;
    const { heads } = this.options;
    const dim = width / heads;
    const [query, key, value, out] = parameters as [
      LinearParameters,
      LinearParameters,
      LinearParameters,
      LinearParameters,
    ];
    const split = (linear: LinearParameters) =>
      tf.transpose(tf.reshape(applyLinear(x, linear), [batch, patches, heads, dim]), [0, 2, 1, 3]);
    const scores = tf.div(tf.matMul(split(query), split(key), false, true), Math.sqrt(dim));
    const read = tf.transpose(tf.matMul(tf.softmax(scores), split(value)), [0, 2, 1, 3]);
    return applyLinear(tf.reshape(read, [batch, patches, width]), out) as tf.Tensor3D;
  }
}

/** An MLP over the patches of each channel. */
function mixPatches(x: tf.Tensor3D, [wide, narrow]: readonly LinearParameters[]): tf.Tensor3D {
  const hidden = applyLinear(tf.transpose(x, [0, 2, 1]), wide!, true);
  return tf.transpose(applyLinear(hidden, narrow!), [0, 2, 1]) as tf.Tensor3D;
}

/** [B, size, size, 3] → [B, patches, patch · patch · 3], patches and pixels row by row. */
export function cutPatches(pictures: Float32Array, batch: number, size: number, patch: number): Float32Array {
  const out = new Float32Array(pictures.length);
  const across = size / patch;
  let to = 0;
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < across; i++)
      for (let j = 0; j < across; j++)
        for (let u = 0; u < patch; u++) {
          const from = ((b * size + i * patch + u) * size + j * patch) * 3;
          out.set(pictures.subarray(from, from + patch * 3), to);
          to += patch * 3;
        }
  return out;
}
