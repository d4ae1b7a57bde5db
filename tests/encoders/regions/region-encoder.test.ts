import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { layerNorm } from "../../../lib/encoders/layer-norm.js";
import { ParameterSet } from "../../../lib/encoders/parameter-set.js";
import { prelu } from "../../../lib/encoders/prelu.js";
import { maskBias } from "../../../lib/encoders/regions/masks.js";
import { poolRegions, RegionEncoder, splitHeads } from "../../../lib/encoders/regions/region-encoder.js";
import { selfAttention } from "../../../lib/encoders/regions/self-attention.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { expectFloat32Close, vector } from "../../support/vectors.js";

const name = (entry: string) => `3-kdd-multimodal-recall/${entry}`;

beforeAll(async () => void (await selectBackend("wasm")));

describe("parts of the region encoder", () => {
  it("marks padding", () => {
    const { inputs, expected } = vector(name("length_mask"));
    const bias = maskBias(inputs.lengths, inputs.max_len).arraySync();
    expect(bias.map((row) => row.map((value) => value < 0))).toEqual(expected);
  });

  it("pools regions by masked softmax", () => {
    const { inputs, expected } = vector(name("region_attention_pool"));
    const { weights, pooled } = poolRegions(
      tf.tensor3d([inputs.region_embeddings]),
      tf.tensor2d([inputs.region_logits]),
      maskBias([2], 3),
    );
    expectFloat32Close(weights.dataSync(), expected.weights);
    expectFloat32Close(pooled.dataSync(), expected.pooled);
  });

  it("splits the pooled vector into heads, the caption's first", () => {
    const { inputs, expected } = vector(name("head_split"));
    const { caption, labels } = splitHeads(tf.tensor2d([inputs.pooled]), inputs.heads, inputs.dim);
    expect(caption.arraySync()).toEqual([expected.caption_head]);
    expect(labels.arraySync()).toEqual([expected.label_heads]);
  });

  it("normalises layers and bends negative values", () => {
    const { inputs, expected } = vector(name("layer_norm_prelu"));
    const norm = { scale: tf.tensor1d(inputs.gamma), shift: tf.tensor1d(inputs.beta), epsilon: inputs.eps };
    expectFloat32Close(layerNorm(tf.tensor1d(inputs.x), norm).dataSync(), expected.layer_norm);
    const bent = prelu(tf.tensor1d(inputs.prelu_input), tf.scalar(inputs.prelu_slope));
    expectFloat32Close(bent.dataSync(), expected.prelu);
  });

  it("attends without padded keys", () => {
    const { inputs, expected } = vector(name("self_attention_one_head"));
    const zero = tf.variable(tf.zeros([2]));
    // the example's matrices stand to the left of the column vectors
    const linear = (matrix: number[][]) => ({
      weight: tf.variable(tf.transpose(tf.tensor2d(matrix)) as tf.Tensor2D),
      bias: zero as tf.Variable<tf.Rank.R1>,
    });
    const parameters = {
      query: linear(inputs.Wq),
      key: linear(inputs.Wk),
      value: linear(inputs.Wv),
      out: linear(inputs.Wo),
    };
    const x = tf.tensor3d([inputs.x]);
    const { output, attention } = selfAttention(x, maskBias([2], 3), parameters, { heads: 1 });
    expectFloat32Close(attention.dataSync(), expected.attention.flat());
    expectFloat32Close(output.dataSync(), expected.output.flat());
    expectFloat32Close(tf.add(x, output).dataSync(), expected.residual.flat());
  });
});

const options = {
  featureDim: 6,
  boxHidden: 5,
  attentionHeads: 2,
  forwardHidden: 8,
  weightHidden: [4, 3],
  projectionHidden: [7],
  dim: 3,
  labelHeads: 2,
  dropout: 0.1,
};

/** [size, regions] of random regions; entries of padding are as given. */
function input(regions: number, counts: number[], padding: number) {
  const random = new Random(4);
  const rows = (width: number) =>
    counts.map((count) =>
      Array.from({ length: regions }, (_, r) =>
        Array.from({ length: width }, () => (r < count ? random.normal() : padding)),
      ),
    );
  return { features: tf.tensor3d(rows(6)), boxes: tf.tensor3d(rows(5)), counts };
}

describe("the region encoder", () => {
  const encoder = () => new RegionEncoder(options, new ParameterSet("image", new Random(1)));

  it("does not see padded regions", () => {
    const model = encoder();
    const { features, boxes } = input(2, [2], 0);
    const short = model.embed({ features, boxes, counts: [2] }, null);
    const filler = tf.fill([1, 3, 6], 9) as tf.Tensor3D;
    const long = model.embed(
      {
        features: tf.concat3d([features, filler], 1),
        boxes: tf.concat3d([boxes, tf.fill([1, 3, 5], 9)], 1),
        counts: [2],
      },
      null,
    );
    expectFloat32Close(long.caption.dataSync(), short.caption.dataSync());
    expectFloat32Close(long.labels.dataSync(), short.labels.dataSync());
  });

  it("does not depend on the order of regions", () => {
    const model = encoder();
    const { features, boxes } = input(3, [3], 0);
    const order = tf.tensor1d([2, 0, 1], "int32");
    const one = model.embed({ features, boxes, counts: [3] }, null);
    const other = model.embed(
      { features: tf.gather(features, order, 1), boxes: tf.gather(boxes, order, 1), counts: [3] },
      null,
    );
    expectFloat32Close(other.caption.dataSync(), one.caption.dataSync());
  });

  it("gives as many heads as told, and other values in training", () => {
    const model = encoder();
    const given = input(3, [3, 1], 0);
    const still = model.embed(given, null);
    expect(still.caption.shape).toEqual([2, 3]);
    expect(still.labels.shape).toEqual([2, 2, 3]);
    const moving = model.embed(given, new Random(1));
    expect(moving.caption.dataSync()).not.toEqual(still.caption.dataSync());
  });

  it("refuses heads that do not divide the features", () => {
    const wrong = { ...options, attentionHeads: 4 };
    expect(() => new RegionEncoder(wrong, new ParameterSet("image", new Random(1)))).toThrow(
      "attentionHeads must divide featureDim 6, got 4",
    );
  });
});
