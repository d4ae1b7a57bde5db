import * as tf from "@tensorflow/tfjs";
import { registerWasmGradients } from "../../engine/wasm-gradients/register.js";
import { UserError } from "../../files/user-error.js";
import { type GemOptions, gemOfPositions } from "../gem.js";
import { type LayerNormParameters, layerNorm, layerNormParameters } from "../layer-norm.js";
import { applyLinear, type LinearParameters, type ParameterSet } from "../parameter-set.js";

export interface ResidualCnnOptions {
  /** pixels on each side */
  size: number;
  /** filters of each stage; every stage but the first halves the picture */
  channels: readonly number[];
  /** residual blocks in each stage */
  blocks: number;
  /** stride of the first convolution: 2 for a quarter of the work */
  stemStride: number;
  /** how positions become one (default mean); gem over the last ReLU's maps */
  pooling?: "mean" | "gem" | undefined;
  gem?: GemOptions;
  outputDim: number;
}

interface Block {
  first: tf.Variable<tf.Rank.R4>;
  firstNorm: LayerNormParameters;
  second: tf.Variable<tf.Rank.R4>;
  secondNorm: LayerNormParameters;
  /** 1 · 1 convolution where the shape changes */
  skip: tf.Variable<tf.Rank.R4> | null;
  stride: number;
}

/**
 * A small ResNet: 3 · 3 convolution, stages of residual blocks, mean over positions, linear layer. Each picture is
 * normalised by its own mean and variance (layer norm over height, width and channels), so batches need no statistics
 * of their own and an embedding does not depend on what else is in the batch. The last norm of a block starts at
 * scale 0: each block starts as its skip.
 *
 * @see He et al. 2016, arXiv:1512.03385; Ba et al. 2016, arXiv:1607.06450; Goyal et al. 2017, arXiv:1706.02677 (scale 0)
 */
export class ResidualCnn {
  readonly outputDim: number;
  private readonly stem: tf.Variable<tf.Rank.R4>;
  private readonly stemNorm: LayerNormParameters;
  private readonly stages: Block[] = [];
  private readonly head: LinearParameters;

  /** @throws RangeError if there is no stage or a size is not a positive integer */
  constructor(
    private readonly options: ResidualCnnOptions,
    parameters: ParameterSet,
  ) {
    registerWasmGradients();
    const { channels, blocks, outputDim } = options;
    if (channels.length === 0) throw new UserError("ResidualCnn: channels must name a stage, got []");
    this.outputDim = outputDim;
    this.stem = filters(parameters, "stem", 3, 3, channels[0]!);
    this.stemNorm = layerNormParameters(parameters, "stem.norm", channels[0]!);
    let width = channels[0]!;
    channels.forEach((next, stage) => {
      for (let b = 0; b < blocks; b++) {
        const set = parameters.within(`${stage}.${b}`);
        const stride = stage > 0 && b === 0 ? 2 : 1;
        const secondNorm = layerNormParameters(set, "second.norm", next);
        tf.tidy(() => (secondNorm.scale as tf.Variable).assign(tf.zeros([next])));
        this.stages.push({
          first: filters(set, "first", 3, width, next),
          firstNorm: layerNormParameters(set, "first.norm", next),
          second: filters(set, "second", 3, next, next),
          secondNorm,
          skip: stride === 1 && width === next ? null : filters(set, "skip", 1, width, next),
          stride,
        });
        width = next;
      }
    });
    this.head = parameters.linear("head", width, outputDim);
  }

  /** @param pictures normalised pixels [B, size, size, 3] → [B, outputDim] */
  apply(pictures: Float32Array, batch: number): tf.Tensor2D {
    const { size, stemStride } = this.options;
    const x = tf.tensor4d(pictures, [batch, size, size, 3]);
    let y = tf.conv2d(x, this.stem, stemStride, "same");
    y = tf.relu(layerNorm(y, this.stemNorm, 3)) as tf.Tensor4D;
    for (const block of this.stages) y = residual(y, block);
    const [, h, w, width] = y.shape;
    const { pooling = "mean", gem } = this.options;
    const pooled =
      pooling === "mean" ? tf.mean(y, [1, 2]) : gemOfPositions(tf.reshape(y, [batch, h * w, width]), gem);
    return applyLinear(pooled, this.head) as tf.Tensor2D;
  }
}

function residual(x: tf.Tensor4D, block: Block): tf.Tensor4D {
  let y = tf.conv2d(x, block.first, block.stride, "same");
  y = tf.relu(layerNorm(y, block.firstNorm, 3)) as tf.Tensor4D;
  y = layerNorm(tf.conv2d(y, block.second, 1, "same"), block.secondNorm, 3) as tf.Tensor4D;
  const skip = block.skip === null ? x : tf.conv2d(x, block.skip, block.stride, "same");
  return tf.relu(tf.add(skip, y)) as tf.Tensor4D;
}

/** N(0, 2 / fan-in), for layers followed by ReLU. @see He et al. 2015, arXiv:1502.01852 */
function filters(
  set: ParameterSet,
  name: string,
  side: number,
  input: number,
  output: number,
): tf.Variable<tf.Rank.R4> {
  return set.normal<tf.Rank.R4>(
    `${name}.filter`,
    [side, side, input, output],
    Math.sqrt(2 / (side * side * input)),
  );
}
