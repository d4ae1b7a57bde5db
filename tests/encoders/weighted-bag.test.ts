import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { weightedBag } from "../../lib/encoders/weighted-bag.js";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { valueAndGradients } from "../../lib/engine/ops/gradients.js";
import { Random } from "../../lib/engine/random/random.js";
import { EmbeddingTable } from "../../lib/engine/tables/embedding-table.js";

const [rows, dim, size, length] = [30, 8, 5, 4];
const random = new Random(2);
/** Repeats in a bag and between bags, padding in the middle, and an empty bag. */
const ids = Int32Array.from({ length: size * length }, (_, i) =>
  Math.floor(i / length) === 2 ? 0 : random.int(6) * (1 + random.int(4)),
);

describe.each<BackendName>(["cpu", "wasm"])("weightedBag on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  const tables = () => ({
    table: new EmbeddingTable({ rows, dim, random: new Random(1) }),
    weights: new EmbeddingTable({ rows, dim: 1, random: new Random(6) }),
  });

  it("agrees with a slow loop; an empty bag is 0", () => {
    const { table, weights } = tables();
    const [w, v] = [weights.weights, table.weights];
    const got = weightedBag(table, weights, ids, size, length).dataSync();
    for (let b = 0; b < size; b++) {
      const bag = [...ids.subarray(b * length, (b + 1) * length)].filter((id) => id !== 0);
      for (let d = 0; d < dim; d++) {
        const sum = bag.reduce((total, id) => total + w[id]! * v[id * dim + d]!, 0);
        expect(got[b * dim + d]).toBeCloseTo(bag.length === 0 ? 0 : sum / bag.length, 5); // float32
      }
    }
    const none = weightedBag(table, weights, new Int32Array(8), 2, 4);
    expect([...none.dataSync()]).toEqual(new Array(2 * dim).fill(0));
  });

  it("is the plain bag where every weight is 1, gradients too", () => {
    const { table, weights } = tables();
    weights.setWeights(new Float32Array(rows).fill(1));
    const target = tf.randomNormal([size, dim], 0, 1, "float32", 3);
    const slopes = [
      () => weightedBag(table, weights, ids, size, length),
      () => table.bag(ids, size, length),
    ].map((bag) => {
      const { value, gradients } = valueAndGradients(() => tf.sum(tf.mul(bag(), target)) as tf.Scalar, {
        weights: {},
        tables: { table },
      });
      tf.dispose([value, gradients as never]);
      return table.drainGradients();
    });
    expect(slopes[0]!.rows).toEqual(slopes[1]!.rows);
    slopes[0]!.values.forEach((x, i) => {
      expect(x).toBeCloseTo(slopes[1]!.values[i]!, 5); // float32, another order of summation
    });
  });

  it("refuses ids outside the tables or of another number", () => {
    const { table, weights } = tables();
    expect(() => weightedBag(table, weights, Int32Array.of(1, 30), 1, 2)).toThrow(
      "weightedBag: ids must be in [0, 30), got 30 at 1",
    );
    expect(() => weightedBag(table, weights, ids, size, 3)).toThrow(
      "weightedBag: ids must have size · length = 5 · 3 entries, got 20",
    );
  });
});
