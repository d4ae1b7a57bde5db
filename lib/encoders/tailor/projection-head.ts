import * as tf from "@tensorflow/tfjs";
import { whenKnown } from "../../engine/jit/tracing.js";
import type { Random } from "../../engine/random/random.js";
import { ParameterSet } from "../parameter-set.js";

export type HeadStep = ["linear", number, number] | ["batch_norm", number] | ["relu"];

/** What is added to the variance. */
export const BATCH_NORM_EPSILON = 1e-5;
/** Share of a batch's statistics in the running ones. */
const MOMENTUM = 0.1;

/**
 * The layers of a projection head: for all but the last Linear(in → in), batch normalisation, ReLU; then Linear(in → out),
 * batch normalisation. No linear layer has a bias.
 *
 * @see specs/4-finetuner.md section 7, vector projection_head
 */
export function headPlan(input: number, output: number, layers: number): HeadStep[] {
  const steps: HeadStep[] = [];
  for (let i = 0; i < layers - 1; i++) steps.push(["linear", input, input], ["batch_norm", input], ["relu"]);
  return [...steps, ["linear", input, output], ["batch_norm", output]];
}

/**
 * {@link headPlan} with parameters `head.<i>.weight` [in, out], `head.<i>.scale`, `head.<i>.shift`, and the running statistics
 * `head.<i>.mean` and `head.<i>.variance`. Training normalises by the batch's mean and (biased) variance, and moves the running
 * ones a tenth of the way to the batch's mean and unbiased variance; evaluation normalises by the running ones, so that an
 * embedding does not depend on what else is in its batch.
 *
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167 (batch normalisation)
 */
export class ProjectionHead {
  readonly weights: Record<string, tf.Variable>;
  /** running statistics: no optimiser moves them */
  readonly statistics: ReadonlySet<string>;

  constructor(
    input: number,
    readonly outputDim: number,
    readonly layers: number,
    random: Random,
  ) {
    const set = new ParameterSet("head", random);
    for (let i = 0; i < layers; i++) {
      const width = i === layers - 1 ? outputDim : input;
      set.uniform(`${i}.weight`, [input, width], input);
      set.constant(`${i}.scale`, [width], 1);
      set.constant(`${i}.shift`, [width], 0);
      set.constant(`${i}.mean`, [width], 0);
      set.constant(`${i}.variance`, [width], 1);
    }
    this.weights = set.variables;
    this.statistics = new Set(Object.keys(this.weights).filter((name) => /\.(mean|variance)$/.test(name)));
  }

  /** [B, in] → [B, out]; B ≥ 2 in training, where one row has no variance */
  apply(input: tf.Tensor2D, training: boolean): tf.Tensor2D {
    let x = input;
    for (let i = 0; i < this.layers; i++) {
      const y: tf.Tensor2D = tf.matMul(x, this.weight(i, "weight") as tf.Tensor2D);
      const normed: tf.Tensor2D = training && y.shape[0] > 1 ? this.normalised(y, i) : this.byRunning(y, i);
      x = i < this.layers - 1 ? tf.relu(normed) : normed;
    }
    return x;
  }

  private normalised(x: tf.Tensor2D, layer: number): tf.Tensor2D {
    const mean = tf.mean(x, 0);
    const centred = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centred), 0);
    const count = x.shape[0];
    this.move(layer, "mean", mean);
    this.move(layer, "variance", tf.mul(variance, count / (count - 1)));
    return this.scaled(tf.div(centred, tf.sqrt(tf.add(variance, BATCH_NORM_EPSILON))), layer);
  }

  private byRunning(x: tf.Tensor2D, layer: number): tf.Tensor2D {
    const deviation = tf.sqrt(tf.add(this.weight(layer, "variance"), BATCH_NORM_EPSILON));
    return this.scaled(tf.div(tf.sub(x, this.weight(layer, "mean")), deviation), layer);
  }

  private scaled(x: tf.Tensor, layer: number): tf.Tensor2D {
    return tf.add(tf.mul(x, this.weight(layer, "scale")), this.weight(layer, "shift")) as tf.Tensor2D;
  }

  /** Outside the tape: a copy of the values, which no gradient passes. */
  private move(layer: number, name: string, to: tf.Tensor): void {
    const running = this.weight(layer, name);
    whenKnown(to, (now) => {
      const old = running.dataSync();
      running.assign(tf.tensor1d(Float32Array.from(old, (value, i) => value + MOMENTUM * (now[i]! - value))));
    });
  }

  private weight(layer: number, name: string): tf.Variable {
    return this.weights[`head.${layer}.${name}`]!;
  }
}
