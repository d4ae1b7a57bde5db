import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../../lib/engine/backend.js";
import { valueAndGradients } from "../../../lib/engine/ops/gradients.js";
import { Random } from "../../../lib/engine/random/random.js";
import { EmbeddingTable } from "../../../lib/engine/tables/embedding-table.js";
import { expectClose, expectFloat32Close, vector } from "../../support/vectors.js";

const { inputs, expected } = vector("0-qdrl/embedding_bag_mean");

function exampleTable(): EmbeddingTable {
  const table = new EmbeddingTable({ rows: 4, dim: 2 });
  table.setWeights(inputs.table.flat());
  return table;
}

describe.each<BackendName>(["cpu", "wasm"])("EmbeddingTable on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("pools as the published vector says", () => {
    const pooled = exampleTable().bag(Int32Array.from(inputs.bags.flat()), 3, 4);
    expectFloat32Close(pooled.dataSync(), expected.flat());
  });

  it("counts padding when asked to, as the original's LinearEncoder does", () => {
    const pooled = exampleTable().bag(Int32Array.from([1, 2, 0, 0]), 1, 4, { countPadding: true });
    expectFloat32Close(pooled.dataSync(), [(1 + 3 + 9 + 9) / 4, (2 - 1 + 9 + 9) / 4]);
  });

  it("starts as N(0, 1) with a zero padding row, equal for equal seeds", () => {
    const table = new EmbeddingTable({ rows: 500, dim: 64, random: new Random(3), name: "text" });
    const values = table.weights;
    expect([...values.subarray(0, 64)].every((x) => x === 0)).toBe(true);
    const rest = values.subarray(64);
    const mean = rest.reduce((a, b) => a + b, 0) / rest.length;
    const variance = rest.reduce((a, b) => a + (b - mean) ** 2, 0) / rest.length;
    const fourth = rest.reduce((a, b) => a + (b - mean) ** 4, 0) / rest.length;
    // 31,936 draws: standard errors 0.0056, 0.008, 0.055 around 0, 1, 3; five of them allowed
    expectClose([mean, variance, fourth], [0, 1, 3], 0.28);
    expectClose([mean, variance], [0, 1], 0.04);
    const again = new EmbeddingTable({ rows: 500, dim: 64, random: new Random(3), name: "text" });
    expect(again.weights).toEqual(values);
    const other = new EmbeddingTable({ rows: 500, dim: 64, random: new Random(4), name: "text" });
    expect(other.weights).not.toEqual(values);
  });

  it("records gradients of several ops by row: repeats summed, padding left out, rows unique and ascending", () => {
    const random = new Random(11);
    const table = new EmbeddingTable({ rows: 9, dim: 3, random });
    const bags = Int32Array.from([5, 2, 5, 0, 0, 0, 0, 7, 2]);
    const picks = Int32Array.from([8, 0, 2]);
    const upstream = [
      [1, -2, 0.5, 3, 1, 4, -1, 0.25, 2],
      [2, 1, 0, 1, 1, 1, -3, 2, 5],
    ];
    const { value, gradients } = valueAndGradients(
      () =>
        tf.add(
          tf.sum(tf.mul(table.bag(bags, 3, 3), tf.tensor2d(upstream[0]!, [3, 3]))),
          tf.sum(tf.mul(table.lookup(picks), tf.tensor2d(upstream[1]!, [3, 3]))),
        ),
      { weights: {}, tables: { table } },
    );
    expect(gradients).toEqual({});
    value.dispose();
    const { rows, values } = table.drainGradients();
    const slow = new Map<number, number[]>();
    const give = (row: number, from: number[], at: number, share: number) => {
      const sum = slow.get(row) ?? [0, 0, 0];
      for (let d = 0; d < 3; d++) sum[d]! += from[at + d]! * share;
      slow.set(row, sum);
    };
    for (let b = 0; b < 3; b++) {
      const used = [...bags.subarray(b * 3, b * 3 + 3)].filter((id) => id > 0);
      for (const id of used) give(id, upstream[0]!, b * 3, 1 / used.length);
      give(picks[b]!, upstream[1]!, b * 3, 1);
    }
    const order = [...slow.keys()].sort((a, b) => a - b);
    expect([...rows]).toEqual(order);
    expectFloat32Close(
      values,
      order.flatMap((row) => slow.get(row)!),
    );
    expect(table.drainGradients().rows.length).toBe(0);
  });

  it("has the gradient of finite differences through a non-linear function", () => {
    const table = new EmbeddingTable({ rows: 6, dim: 2, random: new Random(5) });
    const ids = Int32Array.from([1, 2, 2, 3, 0, 0, 5, 1, 0]);
    const compute = () => tf.sum(tf.square(tf.sin(table.bag(ids, 3, 3)))) as tf.Scalar;
    valueAndGradients(compute, { weights: {}, tables: { table } }).value.dispose();
    const { rows, values } = table.drainGradients();
    expect([...rows]).toEqual([1, 2, 3, 5]);
    const base = table.weights;
    // float64 function of the float32 weights: central differences with h = 1e-5 are good to 1e-9
    const slow = (weights: Float64Array) => {
      let sum = 0;
      for (let b = 0; b < 3; b++) {
        const used = [...ids.subarray(b * 3, b * 3 + 3)].filter((id) => id > 0);
        for (let d = 0; d < 2; d++)
          sum += Math.sin(used.reduce((s, id) => s + weights[id * 2 + d]! / used.length, 0)) ** 2;
      }
      return sum;
    };
    rows.forEach((row, i) => {
      for (let d = 0; d < 2; d++) {
        const shifted = (h: number) => {
          const copy = Float64Array.from(base);
          copy[row * 2 + d]! += h;
          return slow(copy);
        };
        expectClose(values[i * 2 + d], (shifted(1e-5) - shifted(-1e-5)) / 2e-5, 1e-5);
      }
    });
  });

  it("keeps the number of tensors constant, step after step", () => {
    const table = new EmbeddingTable({ rows: 6, dim: 2, random: new Random(5) });
    const step = () => {
      const { value } = valueAndGradients(() => tf.sum(table.bag(Int32Array.from([1, 2, 3, 0]), 2, 2)), {
        weights: {},
        tables: { table },
      });
      value.dispose();
      table.drainGradients();
    };
    step();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) step();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses ids outside the table before anything is computed, and wrong counts", () => {
    const table = exampleTable();
    expect(() => table.bag(Int32Array.from([1, 4]), 1, 2)).toThrow("ids must be in [0, 4)");
    expect(() => table.lookup(Int32Array.from([-1]))).toThrow("got -1 at 0");
    expect(() => table.bag(Int32Array.from([1, 2, 3]), 1, 2)).toThrow("size · length = 1 · 2 entries, got 3");
    expect(table.drainGradients().rows.length).toBe(0);
  });

  it("keeps weights when state is reserved beside them", () => {
    const table = exampleTable();
    table.reserveState(2);
    expect([...table.weights]).toEqual(inputs.table.flat());
    expect([...table.readState(1)]).toEqual(new Array(8).fill(0));
    table.writeState(1, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...table.readState(1)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...table.weights]).toEqual(inputs.table.flat());
    expect(() => table.setWeights([1])).toThrow("rows · dim = 8 entries, got 1");
    expect(() => table.reserveState(1, "bfloat16")).toThrow("bfloat16 state must be two arrays, got 1");
  });

  it("takes weights in pieces of whole rows, state left alone, and refuses other pieces", () => {
    const table = exampleTable();
    table.reserveState(2, "bfloat16");
    expect(table.stride).toBe(2 * table.dim);
    for (const slot of [0, 1]) table.writeState(slot, [1, 2, 3, 4, 5, 6, 7, 8]);
    const values = Float32Array.of(8, 7, 6, 5, 4, 3, 2, 1);
    table.setWeightsFrom([values.subarray(0, 6), values.subarray(6)]);
    expect(table.weights).toEqual(values);
    for (const slot of [0, 1]) expect([...table.readState(slot)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(() => table.setWeightsFrom([values.subarray(0, 3)])).toThrow("got 3 numbers after 0 rows");
    expect(() => table.setWeightsFrom([values, values])).toThrow("got 8 numbers after 4 rows");
    expect(() => table.setWeightsFrom([values.subarray(0, 6)])).toThrow("must have 4 rows, got 3");
  });
});

describe("EmbeddingTable", () => {
  it("refuses sizes that make no sense or do not fit", () => {
    expect(() => new EmbeddingTable({ rows: 0, dim: 2 })).toThrow("rows must be a positive integer, got 0");
    expect(() => new EmbeddingTable({ rows: 2, dim: 1.5 })).toThrow(
      "dim must be a positive integer, got 1.5",
    );
    expect(() => new EmbeddingTable({ rows: 1e9, dim: 4096 })).toThrow("the table must fit in memory");
  });
});
