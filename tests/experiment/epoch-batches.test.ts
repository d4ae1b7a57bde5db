import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { epochBatches } from "../../lib/experiment/epoch-batches.js";
import { parseConfig } from "../../lib/experiment/load-config.js";
import { stepsPerEpoch } from "../../lib/experiment/pairs.js";

const own = Int32Array.from({ length: 100 }, (_, i) => i);
const column = { kind: "text" as const, ids: own, length: 1 };
const pairs = {
  queries: { size: 100, columns: { q: column } },
  documents: { size: 100, columns: { d: column } },
  queryOf: own,
  documentOf: own,
};
const visited = (settings: object, epoch: number) => {
  const config = {
    batch_size: 8,
    shuffle: true,
    drop_last: true,
    pairs_per_epoch: null,
    typos: null,
    ...settings,
  };
  const batches = epochBatches(config as never, { pairs, stream: null } as never, epoch, new Random(3));
  const ids = [...(batches.batches as Iterable<{ queryIds: Int32Array }>)].flatMap(({ queryIds }) => [
    ...queryIds,
  ]);
  expect(ids).toHaveLength(batches.items);
  return ids;
};

describe("pairs_per_epoch", () => {
  it("bounds an epoch, drawn anew from all pairs and equal for equal seeds and epochs", () => {
    const first = visited({ pairs_per_epoch: 20 }, 0);
    expect(first).toHaveLength(16); // whole batches of 8
    expect(visited({ pairs_per_epoch: 20 }, 0)).toEqual(first);
    expect(visited({ pairs_per_epoch: 20, drop_last: false }, 0)).toHaveLength(20);
    expect(visited({}, 0).slice(0, 16)).toEqual(first);
    const seen = new Set(
      Array.from({ length: 30 }, (_, epoch) => visited({ pairs_per_epoch: 20 }, epoch)).flat(),
    );
    expect(seen.size).toBeGreaterThan(95);
    expect(visited({ pairs_per_epoch: 1000 }, 0)).toHaveLength(96);
  });

  it("bounds the steps that schedules and forecasts count on", () => {
    expect(stepsPerEpoch(1000, 32, true, 320)).toBe(10);
    expect(stepsPerEpoch(1000, 32, false, 321)).toBe(11);
    expect(stepsPerEpoch(100, 32, true, 320)).toBe(3);
    expect(stepsPerEpoch(100, 32, true)).toBe(3);
  });

  it("needs an order that changes and room for a batch", () => {
    const text = `
task_id: t
run_id: r
num_epochs: 1
dataset_dir: d
batch_size: 64
learning_rate: 0.1
dataset:
  query_features: [{ name: q, type: text }]
  document_features: [{ name: d, type: text }]
text_vectorizer: { type: hashing, num_features: 8 }
model:
  type: TwoTower
  text_embedding: { num_embeddings: 8, embedding_dim: 4 }
  output_dim: 4
  query: { text_feature: q }
  document: { text_feature: d }
loss: { type: batch_softmax }
`;
    expect(parseConfig(text, "f", ["pairs_per_epoch=64"]).pairs_per_epoch).toBe(64);
    expect(() => parseConfig(text, "f", ["pairs_per_epoch=640", "shuffle=false"])).toThrow(
      /pairs_per_epoch must be null when shuffle is false: .*, got 640/,
    );
    expect(() => parseConfig(text, "f", ["pairs_per_epoch=63"])).toThrow(
      /pairs_per_epoch must be at least batch_size \(64\), got 63/,
    );
  });
});
