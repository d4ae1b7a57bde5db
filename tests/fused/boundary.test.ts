import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { wasmApi } from "../../lib/engine/kernels/web-assembly.js";
import { Random } from "../../lib/engine/random/random.js";
import { layoutFused } from "../../lib/fused/fused-layout.js";
import { planFused } from "../../lib/fused/fused-plan.js";
import { FusedTrainer } from "../../lib/fused/fused-trainer.js";
import {
  fusedModel,
  fusedPath,
  fusedStep,
  type Model,
  randomBatch,
  randomModel,
  type TestBatch,
  TfjsPath,
} from "./model.js";

type Ids = { ids: Int32Array; length: number };

/** Ways in which a batch can be wrong; each leaves the rest as it is. */
const damages: ((batch: TestBatch, random: Random) => Partial<TestBatch> | Int32Array)[] = [
  ...(["query", "title"] as const).flatMap((name) => {
    const columnOf = (batch: TestBatch) =>
      (name === "query" ? batch.queries : batch.documents).columns[name] as Ids;
    const change = (make: (column: Ids, random: Random) => Ids) => (batch: TestBatch, random: Random) => {
      const side = name === "query" ? "queries" : "documents";
      const columns = { ...batch[side].columns, [name]: { kind: "text", ...make(columnOf(batch), random) } };
      return { [side]: { ...batch[side], columns } } as Partial<TestBatch>;
    };
    return [
      change(({ ids, length }, random) => {
        const wrong = ids.slice();
        const far = [-1, 2 ** 31 - 1, -(2 ** 31), 100, -random.int(1e9) - 1, 100 + random.int(2e9)];
        wrong[random.int(ids.length)] = far[random.int(far.length)]!;
        return { ids: wrong, length };
      }),
      change(({ ids, length }) => ({ ids: ids.subarray(0, ids.length - 1), length })),
      change(({ ids, length }) => ({ ids, length: length + 1 })),
      change(({ ids }) => ({ ids, length: Number.NaN })),
    ];
  }),
  ...[0, -1, 1.5, Number.NaN, 1e9, 2 ** 32].map((size) => (batch: TestBatch) => ({
    queries: { ...batch.queries, size },
    documents: { ...batch.documents, size },
  })),
  (batch) => ({ queries: { ...batch.queries, size: batch.queries.size + 1 } }),
  (batch) => Int32Array.of(0, batch.documents.size),
  (batch) => Int32Array.of(batch.documents.size, 0),
  () => Int32Array.of(-1, 0),
];

/** A batch of exactly `size` documents. */
function batchOf(model: Model, size: number): TestBatch {
  for (let seed = 1; ; seed++) {
    const batch = randomBatch(model, seed);
    if (batch.documents.size === size) return batch;
  }
}

describe("the boundary of the kernels", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  it("refuses every batch with something wrong in it, with a RangeError, before anything is computed", () => {
    for (let seed = 100; seed < 112; seed++) {
      const random = new Random(seed);
      const model = randomModel(seed);
      const fused = fusedPath(model, 1, { ...new TfjsPath(model).state(), optimizer: {} });
      const before = fused.exportState();
      damages.forEach((damage, i) => {
        const batch = randomBatch(model, seed + i);
        const wrong = damage(batch, random);
        const { queries, documents } = { ...batch, ...wrong };
        const cells = wrong instanceof Int32Array ? wrong : undefined;
        expect(() => fused.trainStep(queries, documents, cells), `seed ${seed}, damage ${i}`).toThrow(
          RangeError,
        );
      });
      expect(fused.exportState()).toEqual(before);
      expect(Number.isFinite(fusedStep(fused, model, randomBatch(model, seed)))).toBe(true);
      fused.close();
    }
  });

  it("refuses cells of equal queries outside the batch, and any where queries are not aligned", () => {
    const random = randomModel(3); // self-teaching
    for (const [contrastive, cells, message] of [
      [0.5, [0, 9], /masked cells must lie in the batch of 9, got \(0, 9\)/],
      [0.5, [-1, 0], /got \(-1, 0\)/],
      [0, [0, 1], /planned without contrastive alignment got 1 cells/],
    ] as const) {
      const model = { ...random, maxBatch: 9, teaching: { weight: 1, contrastive, temperature: 0.2 } };
      const fused = fusedPath(model, 1, { ...new TfjsPath(model).state(), optimizer: {} });
      const { queries, documents } = batchOf(model, 9);
      const before = fused.exportState();
      const step = () => fused.trainStep(queries, documents, undefined, Int32Array.from(cells));
      expect(step).toThrow(RangeError);
      expect(step).toThrow(message);
      expect(fused.exportState()).toEqual(before);
      fused.close();
    }
  });

  it("writes nothing beyond its memory's plan, whatever the shapes", () => {
    for (let seed = 200; seed < 230; seed++) {
      const model = randomModel(seed);
      const plan = planFused(fusedModel(model));
      if (typeof plan === "string") throw new Error(plan);
      const layout = layoutFused(plan, 1);
      const pages = Math.ceil(layout.bytes / 65_536) + 1;
      const memory = new wasmApi.Memory({ initial: pages, maximum: pages, shared: true });
      const beyond = new Uint8Array(memory.buffer, Math.ceil(layout.bytes / 4) * 4).fill(0xcd);
      const fused = new FusedTrainer(plan, model.encoder, 1, memory, layout, 0);
      fused.importState({ ...new TfjsPath(model).state(), optimizer: {} });
      for (let step = 0; step < 3; step++) fusedStep(fused, model, randomBatch(model, seed + step));
      fused.encode(randomBatch(model, seed).documents, "document");
      expect(
        beyond.every((byte) => byte === 0xcd),
        `seed ${seed}`,
      ).toBe(true);
      fused.close();
    }
  });
});
