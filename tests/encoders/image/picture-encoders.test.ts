import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  cutPatches,
  PatchEncoder,
  type PatchEncoderOptions,
} from "../../../lib/encoders/image/patch-encoder.js";
import { ResidualCnn } from "../../../lib/encoders/image/residual-cnn.js";
import { layerNorm } from "../../../lib/encoders/layer-norm.js";
import { ParameterSet } from "../../../lib/encoders/parameter-set.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { expectFloat32Close } from "../../support/vectors.js";

const SIZE = 8;
const LENGTH = SIZE * SIZE * 3;

function pictures(count: number): Float32Array {
  const random = new Random(4);
  return Float32Array.from({ length: count * LENGTH }, () => random.normal());
}

/** The two upper quarters of a picture of 8 pixels change places. */
function swapped(pixels: Float32Array): Float32Array {
  const out = pixels.slice();
  for (let y = 0; y < 4; y++)
    for (let x = 0; x < 4; x++)
      for (let c = 0; c < 3; c++) {
        out[(y * SIZE + x) * 3 + c] = pixels[(y * SIZE + x + 4) * 3 + c]!;
        out[(y * SIZE + x + 4) * 3 + c] = pixels[(y * SIZE + x) * 3 + c]!;
      }
  return out;
}

function patchEncoder(more: Partial<PatchEncoderOptions>): {
  encoder: PatchEncoder;
  parameters: ParameterSet;
} {
  const parameters = new ParameterSet("p", new Random(1));
  const encoder = new PatchEncoder(
    { size: SIZE, patch: 4, width: 8, layers: 2, mixing: "mlp", heads: 2, outputDim: 3, ...more },
    parameters,
  );
  return { encoder, parameters };
}

beforeAll(async () => void (await selectBackend("wasm")));

describe("patches", () => {
  it("hold the picture's pixels row by row, as an obvious loop has them", () => {
    const given = pictures(2);
    const expected: number[] = [];
    for (let b = 0; b < 2; b++)
      for (const top of [0, 4])
        for (const left of [0, 4])
          for (let y = top; y < top + 4; y++)
            for (let x = left; x < left + 4; x++)
              for (let c = 0; c < 3; c++) expected.push(given[((b * SIZE + y) * SIZE + x) * 3 + c]!);
    expect(Array.from(cutPatches(given, 2, SIZE, 4))).toEqual(expected);
  });

  it("are a set for attention but for their positions, and a row for the MLP", () => {
    const given = pictures(1);
    for (const mixing of ["attention", "mlp"] as const) {
      const { encoder, parameters } = patchEncoder({ mixing });
      const embed = (pixels: Float32Array) => tf.tidy(() => encoder.apply(pixels, 1).dataSync());
      expect(embed(swapped(given))).not.toEqual(embed(given));
      const position = parameters.variables["p.position"]!;
      tf.tidy(() => position.assign(tf.zerosLike(position)));
      if (mixing === "attention") expectFloat32Close(embed(swapped(given)), embed(given));
      else expect(embed(swapped(given))).not.toEqual(embed(given));
    }
  });

  it("must divide the picture, and heads the width", () => {
    expect(() => patchEncoder({ patch: 3 })).toThrow("patch must divide size 8, got 3");
    expect(() => patchEncoder({ mixing: "attention", heads: 3 })).toThrow("heads must divide width 8, got 3");
  });
});

describe("picture encoders", () => {
  const cnn = () => {
    const parameters = new ParameterSet("cnn", new Random(1));
    const encoder = new ResidualCnn(
      { size: SIZE, channels: [4, 6], blocks: 1, stemStride: 2, outputDim: 3 },
      parameters,
    );
    // the last norm of a block starts at 0, where half of the gradients vanish
    for (const [name, weight] of Object.entries(parameters.variables))
      if (name.endsWith("second.norm.scale")) tf.tidy(() => weight.assign(tf.fill(weight.shape, 0.5)));
    return { encoder, parameters };
  };

  /** Sums of up to a few hundred products in another order: 1e-4 of the largest entry, or 1e-6 where the slope is 0. */
  it.each([
    ["residual CNN", cnn],
    ["MLP over patches", () => patchEncoder({})],
    ["attention over patches", () => patchEncoder({ mixing: "attention" })],
    ["generalised mean of patches", () => patchEncoder({ pooling: "gem", gem: { p: 3, eps: 0.1 } })],
  ])("have the same gradients on wasm as on cpu: %s", async (_name, make) => {
    const given = pictures(3);
    const found: Record<string, Float32Array>[] = [];
    for (const backend of ["cpu", "wasm"] as const) {
      await tf.setBackend(backend);
      const { encoder, parameters } = make();
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.sin(encoder.apply(given, 3))) as tf.Scalar,
        [...Object.values(parameters.variables)],
      );
      const byId = Object.values(grads);
      found.push(
        Object.fromEntries(
          Object.keys(parameters.variables).map((name, i) => [name, byId[i]!.dataSync() as Float32Array]),
        ),
      );
    }
    const [cpu, wasm] = found as [Record<string, Float32Array>, Record<string, Float32Array>];
    for (const [name, slope] of Object.entries(cpu)) {
      const size = Math.max(1e-2, ...slope.map(Math.abs));
      slope.forEach((x, i) => {
        expect(Math.abs(x - wasm[name]![i]!), name).toBeLessThan(1e-4 * size);
      });
    }
  });

  it("normalise each row, or each picture over all of its positions, as written out", () => {
    const x = pictures(2);
    const scale = Float32Array.of(1, 2, 3);
    const shift = Float32Array.of(0, 1, -1);
    for (const axes of [1, 3]) {
      const entries = axes === 1 ? 3 : LENGTH;
      const expected = Float32Array.from(x, (value, i) => {
        const group = Array.from(x.subarray(i - (i % entries), i - (i % entries) + entries));
        const mean = group.reduce((a, b) => a + b, 0) / entries;
        const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / entries;
        return ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[i % 3]! + shift[i % 3]!;
      });
      const got = tf.tidy(() => {
        const parameters = { scale: tf.tensor1d(scale), shift: tf.tensor1d(shift), epsilon: 1e-5 };
        return layerNorm(tf.tensor4d(x, [2, SIZE, SIZE, 3]), parameters, axes).dataSync();
      });
      got.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-5);
      });
    }
  });
});
