import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { bagOfText } from "../../lib/encoders/encoder.js";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { EmbeddingTable } from "../../lib/engine/tables/embedding-table.js";

describe.each<BackendName>(["cpu", "wasm"])("bagOfText on %s", (backend) => {
  beforeAll(async () => {
    await selectBackend(backend);
  });

  const textOf = (rows: number[][], length: number) => {
    const ids = new Int32Array(rows.length * length);
    rows.forEach((row, r) => {
      ids.set(row, r * length);
    });
    return { size: rows.length, columns: { text: { kind: "text" as const, ids, length } } };
  };

  it("gives the same bytes and gradients however much padding follows the longest text", () => {
    const rows = [[3, 0, 5], [], [7, 7, 1, 2]]; // padding between ids counts as none, an empty text stays zero
    const results = [4, 5, 40].map((length) => {
      const table = new EmbeddingTable({ rows: 9, dim: 8, random: new Random(3) });
      const value = () => bagOfText(table, textOf(rows, length), "text");
      const bag = value().arraySync();
      const weights = tf.range(0, 24).reshape([3, 8]);
      tf.variableGrads(() => tf.sum(tf.mul(value(), weights)) as tf.Scalar, [table.anchor]);
      const gradients = table.drainGradients();
      table.dispose();
      return { bag, rows: [...gradients.rows], values: [...gradients.values] };
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(results[0]!.bag[1]).toEqual(new Array(8).fill(0));
    expect(results[0]!.rows).toEqual([1, 2, 3, 5, 7]);
  });

  it("takes a batch of nothing but empty texts", () => {
    const table = new EmbeddingTable({ rows: 4, dim: 4, random: new Random(3) });
    expect(bagOfText(table, textOf([[], []], 6), "text").arraySync()).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    table.dispose();
  });
});
