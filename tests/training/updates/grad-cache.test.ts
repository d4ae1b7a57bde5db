import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import type { Encoder } from "../../../lib/encoders/encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { valueAndGradients } from "../../../lib/engine/ops/gradients.js";
import { Random } from "../../../lib/engine/random/random.js";
import type { FeatureBatch } from "../../../lib/features/batch.js";
import { batchSoftmax } from "../../../lib/losses/batch-softmax.js";
import type { EmbeddedLoss } from "../../../lib/training/objectives/batch-task.js";
import { clipGradients } from "../../../lib/training/updates/clip-gradients.js";
import { gradCache } from "../../../lib/training/updates/grad-cache.js";
import { exampleBatch, exampleSpec } from "../../encoders/example-encoder.js";

beforeAll(async () => void (await selectBackend("wasm")));

const loss = batchSoftmax({ temperature: 0.2 });
const encoderOf = (kind: string): Encoder => createEncoder(exampleSpec(kind), new Random(6));

/** A loss of queries and documents, as gradCache takes it. */
const embedded = (
  { queries, documents }: { queries: FeatureBatch; documents: FeatureBatch },
  apply: (q: tf.Tensor2D, d: tf.Tensor2D) => tf.Scalar,
): EmbeddedLoss => ({
  embed: [
    { side: "query", rows: queries },
    { side: "document", rows: documents },
  ],
  loss: (q, d) => apply(q!, d!),
});

/** Value, dense gradients and rows of tables, as plain numbers. */
function numbers(encoder: Encoder, result: { value: tf.Scalar; gradients: Record<string, tf.Tensor> }) {
  const out: Record<string, number[]> = { value: [result.value.dataSync()[0]!] };
  for (const [name, gradient] of Object.entries(result.gradients)) out[name] = [...gradient.dataSync()];
  for (const [name, table] of Object.entries(encoder.tables)) {
    const { rows, values } = table.drainGradients();
    out[`${name} rows`] = [...rows];
    out[`${name} values`] = [...values];
  }
  tf.dispose([result.value, result.gradients as never]);
  return out;
}

describe("gradCache", () => {
  it.each(["TwoTower", "MultiModalTwoTower", "RegularizedSimpleTextEncoder"])(
    "gives the whole batch's gradients of a %s from chunks of any size",
    (kind) => {
      const batch = { queries: exampleBatch(7), documents: exampleBatch(7, 2) };
      const run = (chunk: number | null) => {
        const encoder = encoderOf(kind);
        // dropout draws in the order of rows, query side first, so whole batch and chunks draw alike
        encoder.training = true;
        const apply = (q: tf.Tensor2D, d: tf.Tensor2D) => loss(q, d).value;
        const result =
          chunk === null
            ? valueAndGradients(
                () => apply(encoder.embedQueries(batch.queries), encoder.embedDocuments(batch.documents)),
                encoder,
              )
            : gradCache(encoder, embedded(batch, apply), chunk);
        return numbers(encoder, result);
      };
      const whole = run(null);
      for (const chunk of [1, 3, 7, 20]) {
        const got = run(chunk);
        expect(Object.keys(got).sort()).toEqual(Object.keys(whole).sort());
        for (const [name, values] of Object.entries(whole))
          values.forEach((value, i) => {
            // float32 sums in another order
            expect(Math.abs(got[name]![i]! - value), `${name}[${i}], chunks of ${chunk}`).toBeLessThan(2e-6);
          });
      }
    },
  );

  it("holds the activations of one chunk, not of the batch", () => {
    const encoder = encoderOf("TwoTower");
    const batch = { queries: exampleBatch(256), documents: exampleBatch(256, 2) };
    const peak = (chunk: number) => {
      let most = 0;
      const watched: Encoder = Object.assign(Object.create(encoder), {
        embedDocuments: (part: Parameters<Encoder["embedDocuments"]>[0]) => {
          const out = encoder.embedDocuments(part);
          most = Math.max(most, tf.memory().numBytes);
          return out;
        },
      });
      // a loss whose own memory is small beside the activations: row-wise products
      const apply = (q: tf.Tensor2D, d: tf.Tensor2D) => tf.sum(tf.mul(q, d)) as tf.Scalar;
      const before = tf.memory().numBytes;
      numbers(encoder, gradCache(watched, embedded(batch, apply), chunk));
      return most - before;
    };
    peak(256);
    expect(peak(16)).toBeLessThan(peak(256) / 2);
  });

  it("refuses chunks that are no positive integers, and leaks nothing", () => {
    const encoder = encoderOf("TwoTower");
    const batch = { queries: exampleBatch(4), documents: exampleBatch(4, 2) };
    const apply = (q: tf.Tensor2D, d: tf.Tensor2D) => loss(q, d).value;
    expect(() => gradCache(encoder, embedded(batch, apply), 0)).toThrow(
      "chunkSize must be a positive integer, got 0",
    );
    numbers(encoder, gradCache(encoder, embedded(batch, apply), 3));
    const before = tf.memory().numTensors;
    numbers(encoder, gradCache(encoder, embedded(batch, apply), 3));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("clipGradients", () => {
  it("scales dense and row gradients to one common length, and leaves short ones alone", () => {
    const encoder = encoderOf("TwoTower");
    const batch = exampleBatch(5);
    const measure = (limit: number | null) => {
      const { value, gradients } = valueAndGradients(
        () => loss(encoder.embedQueries(batch), encoder.embedDocuments(batch)).value,
        encoder,
      );
      const before = limit === null ? null : clipGradients(gradients, encoder.tables, limit);
      const { value: _value, ...rest } = numbers(encoder, { value, gradients });
      const squares = Object.entries(rest).flatMap(([name, values]) => (name.endsWith("rows") ? [] : values));
      return { rest, before, norm: Math.hypot(...squares) };
    };
    const free = measure(null);
    const short = measure(free.norm * 2);
    expect(short.norm).toBeCloseTo(free.norm, 5);
    expect(short.before).toBeCloseTo(free.norm, 5);
    const clipped = measure(free.norm / 4);
    expect(clipped.norm / free.norm).toBeCloseTo(0.25, 5);
    const name = Object.keys(free.rest).find((key) => key.endsWith("values"))!;
    expect(clipped.rest[name]![0]! * 4).toBeCloseTo(free.rest[name]![0]!, 5);
  });
});
