import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { fillUniform } from "../engine/random/fill-random.js";
import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import { unitRows } from "./cosine.js";
import { itemLossPart } from "./item-loss-part.js";
import type { LabelLoss } from "./label-loss.js";
import { marginSetting } from "./loss-part.js";
import { checkPositive, stopGradient } from "./scores/score-loss.js";

export interface AngularMarginOptions {
  /** distinct labels, 0 … classes − 1 */
  classes: number;
  /** length of the embeddings */
  dim: number;
  scale?: number;
  /** of the class weights' start, uniform ±1/√dim */
  random: Random;
}

/**
 * ArcFace: softmax cross-entropy over classes on scale · cos θ, where the own class's logit is scale · cos(θ + m). Class
 * weights [classes, dim] are unit rows trained with the loss ("class_weights"). Beyond θ = π − m the cosine goes on
 * falling as in the original: cos(min(θ + m, π)).
 *
 * @param options.marginDegrees m in degrees, in (0, 90]; default 28.6 (0.5 rad)
 * @see Deng et al. 2019, arXiv:1801.07698
 */
export function arcFace(options: AngularMarginOptions & { marginDegrees?: number }): LabelLoss {
  const { marginDegrees = 28.6 } = options;
  if (!(marginDegrees > 0 && marginDegrees <= 90))
    throw new UserError(`arcFace: marginDegrees must be in (0, 90], got ${marginDegrees}`);
  const margin = (marginDegrees * Math.PI) / 180;
  return angular("arcFace", options, (cosine) => {
    // cos(θ + m) by the addition theorem, with a finite slope at cos θ = ±1
    const inside = tf.clipByValue(cosine, -1 + 1e-7, 1 - 1e-7);
    const sine = tf.sqrt(tf.sub(1, tf.square(inside)));
    const shifted = tf.sub(tf.mul(inside, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
    const reachable = stopGradient(tf.step(tf.add(inside, Math.cos(margin))));
    return tf.sub(tf.mul(tf.add(shifted, 1), reachable), 1);
  });
}

/**
 * CosFace: as {@link arcFace} with the own class's logit scale · (cos θ − m).
 *
 * @param options.margin m > 0, default 0.35
 * @see Wang et al. 2018, arXiv:1801.09414
 */
export function cosFace(options: AngularMarginOptions & { margin?: number }): LabelLoss {
  const { margin = 0.35 } = options;
  checkPositive("cosFace", "margin", margin);
  return angular("cosFace", options, (cosine) => tf.sub(cosine, margin));
}

function angular(
  name: string,
  { classes, dim, scale = 64, random }: AngularMarginOptions,
  withMargin: (cosine: tf.Tensor) => tf.Tensor,
): LabelLoss {
  checkPositive(name, "scale", scale);
  if (!Number.isInteger(classes) || classes < 2)
    throw new UserError(`${name}: classes must be an integer ≥ 2, got ${classes}`);
  const start = new Float32Array(classes * dim);
  fillUniform(start, 1 / Math.sqrt(dim), random, "class_weights");
  const classWeights = tf.tidy(() => tf.variable(tf.tensor2d(start, [classes, dim])));
  const loss: LabelLoss = (embeddings, { labels }) => {
    for (const label of labels)
      if (!(label >= 0 && label < classes))
        throw new UserError(`${name}: labels must be in [0, ${classes}), got ${label}`);
    const cosines = tf.matMul(unitRows(embeddings), unitRows(classWeights as tf.Tensor2D), false, true);
    const own = tf.oneHot(tf.tensor1d(labels, "int32"), classes) as tf.Tensor2D;
    const mark = tf.cast(own, "float32");
    const logits = tf.mul(tf.add(tf.mul(withMargin(cosines), mark), tf.mul(cosines, tf.sub(1, mark))), scale);
    const perExample = tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, mark), 1)) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
  return Object.assign(loss, { weights: { class_weights: classWeights as tf.Variable } });
}

const scaleSetting = z.number().positive().default(64).describe("the cosines are multiplied by it");

export const arcFacePart = itemLossPart({
  kind: "arc_face",
  summary: "softmax over classes with an angular margin (arXiv:1801.07698)",
  settings: {
    margin_degrees: z
      .number()
      .gt(0)
      .max(90)
      .default(28.6)
      .describe("m in degrees; 28.6 = 0.5 rad, as published"),
    scale: scaleSetting,
  },
  mines: null,
  overPairs: false,
  make: (options, { classes, dim, random }) => arcFace({ ...options, classes, dim, random }),
});

export const cosFacePart = itemLossPart({
  kind: "cos_face",
  summary: "softmax over classes with a margin on the cosine (arXiv:1801.09414)",
  settings: { margin: marginSetting(0.35, "m, in units of cosine"), scale: scaleSetting },
  mines: null,
  overPairs: false,
  make: (options, { classes, dim, random }) => cosFace({ ...options, classes, dim, random }),
});
