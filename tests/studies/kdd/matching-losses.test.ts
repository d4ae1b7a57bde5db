import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { captionLoss } from "../../../lib/studies/kdd/losses/caption.js";
import {
  type ContrastiveOptions,
  contrastiveScores,
} from "../../../lib/studies/kdd/losses/contrastive-scores.js";
import { labelLogits, multilabel } from "../../../lib/studies/kdd/losses/multilabel.js";
import { pairBce, pairRanking } from "../../../lib/studies/kdd/losses/pair-ranking.js";
import { expectFloat32Close, vector } from "../../support/vectors.js";

const name = (entry: string) => `3-kdd-multimodal-recall/${entry}`;
const close = (actual: tf.Tensor, expected: number[] | number) =>
  expectFloat32Close(actual.dataSync(), [expected].flat());

beforeAll(async () => void (await selectBackend("wasm")));

describe("losses of matching models", () => {
  it.each<[string, Partial<ContrastiveOptions>]>([
    ["max_violation_mean", { form: "hinge", negatives: "hardest", reduction: "mean" }],
    ["max_violation_sum", { form: "hinge", negatives: "hardest", reduction: "sum" }],
    ["all_mean", { form: "hinge", negatives: "all", reduction: "mean" }],
    ["all_sum", { form: "hinge", negatives: "all", reduction: "sum" }],
    ["bce_max_violation", { form: "logistic", negatives: "hardest", reduction: "mean" }],
    ["bce_all", { form: "logistic", negatives: "all", reduction: "mean" }],
  ])("gives the contrastive loss %s of the worked example", (key, options) => {
    const { inputs, expected } = vector(name("contrastive_loss"));
    const all = { ...options, margin: inputs.margin } as ContrastiveOptions;
    close(contrastiveScores(tf.tensor2d(inputs.scores), all), expected[key]);
    const size = inputs.scores.length;
    const filled = [
      ...inputs.scores.map((row: number[]) => [...row, 7, -7]),
      ...new Array(2).fill(new Array(size + 2).fill(9)),
    ];
    close(contrastiveScores(tf.tensor2d(filled), all, size), expected[key]);
  });

  it("leaves out rows that fill up a batch", () => {
    const scores = (values: number[]) => tf.tensor1d(values);
    const three = {
      positive: scores([1, -2, 3]),
      negativeImage: scores([0, 1, 2]),
      negativeQuery: scores([2, 0, 1]),
    };
    const more = Object.fromEntries(
      Object.entries(three).map(([key, value]) => [key, tf.concat1d([value, scores([40, -40])])]),
    ) as typeof three;
    close(pairBce(more, 3), pairBce(three).dataSync()[0]!);
    const options: ContrastiveOptions = {
      form: "hinge",
      negatives: "hardest",
      reduction: "mean",
      margin: 0.9,
    };
    const inBatch = tf.tensor2d([
      [1, 2, 0],
      [0, 2, 1],
      [3, 0, 1],
    ]);
    const filled = tf.pad2d(
      inBatch,
      [
        [0, 2],
        [0, 2],
      ],
      50,
    );
    close(
      pairRanking(more, filled, options, 3).total,
      pairRanking(three, inBatch, options).total.dataSync()[0]!,
    );
  });

  it("refuses scores that are not square", () => {
    const options: ContrastiveOptions = { form: "hinge", negatives: "all", reduction: "sum", margin: 1 };
    expect(() => contrastiveScores(tf.zeros([2, 3]), options)).toThrow("must be square");
    expect(() => contrastiveScores(tf.zeros([1, 1]), options)).toThrow("2 rows or more, got [1,1]");
  });

  it("adds margin ranking and hardest negatives for model 1", () => {
    const { inputs, expected } = vector(name("margin_ranking_and_total"));
    const { manual, hard, total } = pairRanking(scoresOf(inputs), tf.tensor2d(inputs.in_batch_scores), {
      form: "hinge",
      negatives: "hardest",
      reduction: "mean",
      margin: inputs.margin,
    });
    close(manual, expected.manual);
    close(hard, expected.hard);
    close(total, expected.total);
  });

  it("adds another contrastive term where one is asked for", () => {
    const { inputs, expected } = vector(name("margin_ranking_and_total"));
    const scores: number[][] = inputs.in_batch_scores;
    const options = { form: "logistic", negatives: "all", reduction: "sum", margin: inputs.margin } as const;
    const { manual, total } = pairRanking(scoresOf(inputs), tf.tensor2d(scores), options);
    close(manual, expected.manual);
    const term = scores.flatMap((row, i) =>
      row.map((score, j) => Math.log1p(Math.exp(i === j ? -score : score))),
    );
    close(total, expected.manual + term.reduce((a, b) => a + b, 0));
  });

  it("gives model 2's cross-entropy", () => {
    const { inputs, expected } = vector(name("model2_bce"));
    close(pairBce(scoresOf(inputs)), expected.loss);
  });

  it("gives the multi-label loss with 1, 2 and all negatives, padding left out", () => {
    const { inputs, expected } = vector(name("multilabel_loss"));
    const heads = tf.tensor3d([inputs.label_heads]);
    const logits = labelLogits(heads, tf.tensor2d(inputs.vocab_embeddings));
    close(logits, expected.logits);
    for (const count of [1, 2, 6]) {
      const loss = multilabel(logits, [inputs.label_ids_padded_with_0], {
        hardExamples: count,
        excluded: [inputs.pad_id],
      });
      close(loss.positive, expected.positive_loss);
      close(loss.value, expected[`hard_examples=${count}`]);
      close(loss.negative, expected[`hard_examples=${count}`] - expected.positive_loss);
    }
  });

  it("gives the caption loss, targets that are padding left out", () => {
    const { inputs, expected } = vector(name("caption_loss"));
    const logits = tf.tensor3d(inputs["logits_for_positions_0_to_T-2"]);
    close(captionLoss(logits, inputs.token_ids, inputs.pad_id), expected.loss);
  });
});

function scoresOf(inputs: Record<string, number[]>) {
  return {
    positive: tf.tensor1d(inputs["positive"]!),
    negativeImage: tf.tensor1d(inputs["negative_image"]!),
    negativeQuery: tf.tensor1d(inputs["negative_query"]!),
  };
}
