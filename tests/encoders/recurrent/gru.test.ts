import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { ParameterSet } from "../../../lib/encoders/parameter-set.js";
import {
  BidirectionalGru,
  type GruParameters,
  gruStep,
  mergeDirections,
  runGru,
} from "../../../lib/encoders/recurrent/gru.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { expectFloat32Close, vector } from "../../support/vectors.js";

beforeAll(async () => void (await selectBackend("wasm")));

/** Parameters of a worked example, whose matrices stand to the left of column vectors. */
function given(): { parameters: GruParameters; x: number[]; h: number[]; next: number[] } {
  const { inputs, expected } = vector("3-kdd-multimodal-recall/gru_cell");
  return {
    parameters: {
      input: tf.transpose(tf.tensor2d(inputs.weight_ih)) as tf.Tensor2D,
      hidden: tf.transpose(tf.tensor2d(inputs.weight_hh)) as tf.Tensor2D,
      inputBias: tf.tensor1d(inputs.bias_ih),
      hiddenBias: tf.tensor1d(inputs.bias_hh),
    },
    x: inputs.x,
    h: inputs.h,
    next: expected.h_next,
  };
}

describe("gated recurrent units", () => {
  it("take the step of the worked example", () => {
    const { parameters, x, h, next } = given();
    const projected = tf.add(tf.matMul(tf.tensor2d([x]), parameters.input), parameters.inputBias);
    expectFloat32Close(gruStep(projected as tf.Tensor2D, tf.tensor2d([h]), parameters).dataSync(), next);
  });

  it("run over a sequence as step by step, and stop at its end", () => {
    const { parameters, x, h } = given();
    const other = [0.3, 0.7];
    const step = (state: number[], input: number[]) =>
      Array.from(
        gruStep(
          tf.add(tf.matMul(tf.tensor2d([input]), parameters.input), parameters.inputBias) as tf.Tensor2D,
          tf.tensor2d([state]),
          parameters,
        ).dataSync(),
      );
    const sequence = tf.tensor3d([[x, other, [9, 9]]]);
    const start = tf.tensor2d([h]);
    const ahead = runGru(sequence, [2], parameters, { start });
    expectFloat32Close(ahead.last.dataSync(), step(step(h, x), other));
    const back = runGru(sequence, [2], parameters, { start, reverse: true });
    expectFloat32Close(back.last.dataSync(), step(step(h, other), x));
    expectFloat32Close(tf.slice(back.states, [0, 1, 0], [1, 1, 2]).dataSync(), step(h, other));
  });

  it("average the two directions position by position", () => {
    const { inputs, expected } = vector("3-kdd-multimodal-recall/bidirectional_merge");
    const merged = mergeDirections(tf.tensor2d(inputs.forward), tf.tensor2d(inputs.backward));
    expect(merged.arraySync()).toEqual(expected.mean);
  });

  it("do not depend on padding, in both layers and directions", () => {
    const gru = new BidirectionalGru(
      { input: 3, hidden: 2, layers: 2, dropout: 0.1 },
      new ParameterSet("gru", new Random(1)),
    );
    const random = new Random(2);
    const x = tf.tensor3d(
      Array.from({ length: 6 }, () => random.normal()),
      [1, 2, 3],
    );
    const short = gru.run(x, [2], null, null);
    const long = gru.run(
      tf.pad(
        x,
        [
          [0, 0],
          [0, 2],
          [0, 0],
        ],
        5,
      ) as tf.Tensor3D,
      [2],
      null,
      null,
    ); // prettier-ignore
    expectFloat32Close(long.last.dataSync(), short.last.dataSync());
    expectFloat32Close(tf.slice(long.states, [0, 0, 0], [1, 2, 2]).dataSync(), short.states.dataSync());
  });
});
