import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { wordTableName } from "../../../lib/encoders/transformer/architecture.js";
import { BertModel } from "../../../lib/encoders/transformer/bert-model.js";
import { type Pooling, pool, poolings } from "../../../lib/encoders/transformer/pooling.js";
import { Dropout } from "../../../lib/encoders/transformer/seeded-dropout.js";
import {
  assignWeights,
  namedWeights,
  TransformerEncoder,
} from "../../../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { valueAndGradients } from "../../../lib/engine/ops/gradients.js";
import { installWasmMatMul } from "../../../lib/engine/ops/wasm-matmul.js";
import { Random } from "../../../lib/engine/random/random.js";
import { tokenColumn } from "../../../lib/features/token-column.js";
import { expectClose, vector } from "../../support/vectors.js";
import { bert, bertArchitecture, bertTokens, bertWeights, floats } from "./bert-fixture.js";

function tinyBert(): BertModel {
  const model = new BertModel(bertArchitecture, new Random(1), new Dropout(new Random(1)), true);
  assignWeights(model, bertWeights);
  return model;
}

const { size: B, length: T } = bertTokens;
const mask = () => tf.tensor2d(Float32Array.from(bertTokens.mask), [B, T]);

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let scale = 1e-30;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
  }
  return difference / Math.max(1, scale);
}

for (const backend of ["cpu", "wasm"] as const)
  describe(`BertModel on ${backend} against PyTorch's float64`, () => {
    beforeAll(async () => {
      await selectBackend(backend);
      installWasmMatMul();
    });

    // float32 in a network of two layers with weights of deviation 0.3: 1e-5 of the largest value
    it("gives the hidden states of every layer where there are tokens", () => {
      const model = tinyBert();
      const states: Float32Array[] = [];
      tf.tidy(() => {
        model.forward(bertTokens, (hidden) => states.push(hidden.dataSync() as Float32Array));
      });
      expect(states).toHaveLength(3);
      states.forEach((state, layer) => {
        const expected = floats(bert.hiddenStates[layer]!);
        for (let row = 0; row < B * T; row++)
          if (bertTokens.mask[row])
            expect(
              worst(state.subarray(row * 32, row * 32 + 32), expected.subarray(row * 32, row * 32 + 32)),
            ).toBeLessThan(1e-5);
      });
      model.dispose();
    });

    it("pools in all five ways", () => {
      const model = tinyBert();
      for (const kind of poolings) {
        const pooled = tf.tidy(() =>
          pool(kind, model.forward(bertTokens), mask(), (first) => model.pooler(first)).dataSync(),
        );
        expect(worst(pooled, floats(bert.pooled[kind]!)), kind).toBeLessThan(1e-5);
      }
      model.dispose();
    });

    for (const kind of ["mean", "pooler"] as Pooling[])
      it(`gives the gradient of every parameter (${kind} pooling)`, () => {
        const model = tinyBert();
        const target = tf.tensor2d(floats(bert.target), [B, 32]);
        const { gradients, value } = valueAndGradients(
          () =>
            tf.sum(
              tf.mul(
                pool(kind, model.forward(bertTokens), mask(), (first) => model.pooler(first)),
                target,
              ),
            ) as tf.Scalar,
          { weights: model.weights, tables: { words: model.words } },
        );
        const expected = bert.gradients[kind]!;
        const { rows, values } = model.words.drainGradients();
        for (const [name, data] of Object.entries(expected)) {
          const wanted = floats(data);
          // gradients of key biases are zero up to rounding: the bound is absolute below 1
          if (name !== wordTableName)
            expect(worst(gradients[name]!.dataSync(), wanted), name).toBeLessThan(2e-5);
          else {
            const dense = new Float32Array(wanted.length);
            for (const [i, row] of rows.entries()) dense.set(values.subarray(i * 32, i * 32 + 32), row * 32);
            // PyTorch leaves the padding row out of the gradient, and nothing reaches it here either
            expect(worst(dense, wanted)).toBeLessThan(2e-5);
          }
        }
        expect(Object.keys(gradients).length + 1).toBe(Object.keys(expected).length);
        tf.dispose([value, gradients, target]);
        model.dispose();
      });

    it("frees what it makes", () => {
      const before = tf.memory().numTensors;
      const model = tinyBert();
      tf.tidy(() => void model.forward(bertTokens));
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });

describe("a transformer with frozen layers", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  it("embeds as before, and trains what lies above them with the same gradients as without freezing", () => {
    const build = (frozenLayers: number) =>
      new TransformerEncoder(
        {
          architecture: { ...bertArchitecture, hiddenDropout: 0, attentionDropout: 0 },
          pooling: "mean",
          normalize: true,
          sides: "shared",
          queryTextFeature: "t",
          documentTextFeature: "t",
          frozenLayers,
        },
        new Random(4),
      );
    const texts = [5, 9, 3].map((length) => ({
      ids: Int32Array.from({ length }, (_, i) => 1 + ((7 * i + length) % 40)),
      typeIds: new Uint8Array(length),
    }));
    const batch = { size: 3, columns: { t: tokenColumn(texts) } };
    const run = (encoder: TransformerEncoder) => {
      const target = tf.tensor2d(
        Float32Array.from({ length: 3 * encoder.outputDim }, (_, i) => Math.sin(i)),
        [3, encoder.outputDim],
      );
      return valueAndGradients(
        () => tf.sum(tf.mul(encoder.embedDocuments(batch), target)) as tf.Scalar,
        encoder,
      );
    };
    const [whole, half] = [build(0), build(1)];
    const [all, upper] = [run(whole), run(half)];
    expect(upper.value.dataSync()[0]).toBe(all.value.dataSync()[0]);
    expect(half.frozen.has("words")).toBe(true);
    for (const name of Object.keys(half.weights)) {
      expect(name in upper.gradients, name).toBe(!half.frozen.has(name));
      if (name in upper.gradients)
        expectClose(upper.gradients[name]!.dataSync(), all.gradients[name]!.dataSync(), 1e-6, name);
    }
    expect(half.tables["words"]!.drainGradients().rows.length).toBe(0);
    expect(whole.tables["words"]!.drainGradients().rows.length).toBeGreaterThan(0);
    expect(() => build(2)).toThrow("frozenLayers must be an integer in [0, 2), got 2");
    for (const encoder of [whole, half]) encoder.dispose();
  });
});

describe("BertModel with checkpointed layers", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  it("gives the same value and the same gradients, dropout included, and keeps less", () => {
    const run = (checkpointed: boolean) => {
      const dropout = new Dropout(new Random(5));
      dropout.active = true;
      const model = new BertModel(bertArchitecture, new Random(1), dropout, false, "words", { checkpointed });
      const held = tf.memory().numBytes;
      let kept = 0;
      const { value, gradients } = valueAndGradients(
        () => {
          const pooled = pool("mean", model.forward(bertTokens), mask());
          kept = tf.memory().numBytes - held;
          return tf.sum(tf.square(tf.sub(pooled, 0.3))) as tf.Scalar;
        },
        { weights: model.weights, tables: { words: model.words } },
      );
      const found = {
        value: value.dataSync()[0]!,
        gradients: Object.fromEntries(
          Object.entries(gradients).map(([name, gradient]) => [name, Array.from(gradient.dataSync())]),
        ),
        words: model.words.drainGradients(),
        state: dropout.generator.state(),
        kept,
      };
      tf.dispose([value, gradients]);
      model.dispose();
      return found;
    };
    const before = tf.memory().numTensors;
    const plain = run(false);
    const again = run(true);
    expect(tf.memory().numTensors).toBe(before);
    expect(again.kept).toBeLessThan(plain.kept / 2);
    const { kept: _plain, ...expected } = plain;
    const { kept: _again, ...actual } = again;
    expect(actual).toEqual(expected);
  });
});

describe("BertModel", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  it("does not look at padding: a text alone and beside a longer one give the same vector", () => {
    const model = tinyBert();
    const embed = (ids: number[][]) => {
      const length = Math.max(...ids.map((row) => row.length));
      const padded = {
        size: ids.length,
        length,
        ids: new Int32Array(ids.length * length),
        mask: new Uint8Array(ids.length * length),
        typeIds: new Uint8Array(ids.length * length),
      };
      ids.forEach((row, r) => {
        padded.ids.set(row, r * length);
        padded.mask.fill(1, r * length, r * length + row.length);
      });
      return tf.tidy(() =>
        pool(
          "mean",
          model.forward(padded),
          tf.tensor2d(Float32Array.from(padded.mask), [ids.length, length]),
        ).dataSync(),
      );
    };
    const alone = embed([[2, 9, 3]]);
    const beside = embed([
      [2, 9, 3],
      [2, 9, 8, 7, 6, 3],
    ]);
    expect(worst(beside.subarray(0, 32), alone)).toBeLessThan(1e-5);
    model.dispose();
  });

  it("refuses texts beyond its positions and lists every weight that does not fit", () => {
    const model = tinyBert();
    const long = {
      size: 1,
      length: 17,
      ids: new Int32Array(17),
      mask: new Uint8Array(17).fill(1),
      typeIds: new Uint8Array(17),
    };
    expect(() => tf.tidy(() => void model.forward(long))).toThrow(/16 tokens, got 17/);
    const { [wordTableName]: _words, "pooler.dense.bias": bias, ...others } = namedWeights(model);
    expect(() => assignWeights(model, { ...others, "pooler.dense.bias": { ...bias!, shape: [16] } })).toThrow(
      /word_embeddings.weight \[50, 32\] is missing; pooler.dense.bias must be \[32\], got \[16\]/,
    );
    model.dispose();
  });
});

describe("pool", () => {
  it("is the worked example (vector pooling)", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/pooling");
    for (const kind of ["cls", "mean", "max"] as const)
      tf.tidy(() => {
        const pooled = pool(
          kind,
          tf.tensor3d(inputs.hidden),
          tf.tensor2d(inputs.attention_mask, undefined, "float32"),
        );
        expectClose(pooled.arraySync(), expected[kind], 1e-6); // float32
        if (kind === "max") return;
        const unit = tf.div(pooled, tf.norm(pooled, 2, 1, true));
        expectClose(unit.arraySync(), expected[`${kind}_normalised`], 1e-6);
      });
  });

  it("is the generalised mean with power 3, and the maximum (vector gem_pooling; other powers are not offered)", () => {
    const { inputs, expected } = vector("4-finetuner/gem_pooling");
    // [channels, positions] → one text of 3 tokens
    const channels: number[][] = inputs.features_per_channel;
    const tokens = [0, 1, 2].map((position) => channels.map((channel) => channel[position]!));
    for (const [kind, key] of [
      ["gem", "p=3"],
      ["max", "max"],
    ] as const) {
      const pooled = tf.tidy(() => pool(kind, tf.tensor3d([tokens]), tf.ones([1, 3])).dataSync());
      expectClose(pooled, expected[key], 3e-5); // float32, and its powers
    }
  });
});
