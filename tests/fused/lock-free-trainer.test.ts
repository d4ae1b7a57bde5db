import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { createFusedTrainer, type FusedStepper } from "../../lib/fused/fused-trainer.js";
import { fusedModel, fusedPath, fusedStep, type Model, randomBatch, randomModel, TfjsPath } from "./model.js";

const model: Model = {
  ...randomModel(2),
  loss: { kind: "batch_softmax", temperature: 0.3 },
  optimizer: { kind: "lazy_adam", learningRate: 0.01 },
  maxBatch: 13,
  teaching: null,
};
const start = () => ({ ...new TfjsPath(model).state(), optimizer: {} });

function lockFree(threads: number, of = model): FusedStepper {
  const { trainer, reason } = createFusedTrainer({ ...fusedModel(of), threads, spins: 0, lockFree: true });
  if (!trainer) throw new Error(reason);
  trainer.importState(start());
  return trainer;
}

describe("LockFreeTrainer", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  it.each(["float32", "bfloat16"] as const)(
    "is an ordinary run with one thread, byte for byte, %s moments; losses come a step later",
    (rowMoments) => {
      const own: Model = { ...model, optimizer: { kind: "lazy_adam", learningRate: 0.01, rowMoments } };
      const [free, plain] = [lockFree(1, own), fusedPath(own, 1, start())];
      const losses = Array.from({ length: 20 }, (_, step) => {
        const batch = randomBatch(own, step);
        return [fusedStep(free, own, batch), fusedStep(plain, own, batch)] as const;
      });
      expect(losses[0]![0]).toBe(losses[0]![1]);
      for (let step = 1; step < 20; step++) expect(losses[step]![0]).toBe(losses[step - 1]![1]);
      expect(free.exportState()).toEqual(plain.exportState());
      free.close();
      plain.close();
    },
  );

  it("learns what an ordinary run learns with three threads that race", () => {
    const batches = Array.from({ length: 8 }, (_, i) => randomBatch(model, i));
    const lastRound = (trainer: FusedStepper) => {
      let sum = 0;
      for (let step = 0; step < 320; step++) {
        const loss = fusedStep(trainer, model, batches[step % 8]!);
        if (step >= 312) sum += loss;
      }
      trainer.close();
      return sum / 8;
    };
    const [first, plain] = [
      fusedStep(lockFree(1), model, batches[0]!),
      lastRound(fusedPath(model, 1, start())),
    ];
    // races change each run; a step or two of delay may not change what is learnt from eight batches seen forty times
    expect(lastRound(lockFree(3))).toBeLessThan(plain + 0.1 * (first - plain));
  });

  it("refuses bad ids before any worker sees them, and goes on", () => {
    const free = lockFree(2);
    const before = free.exportState();
    const batch = randomBatch(model, 1);
    (batch.documents.columns.title as { ids: Int32Array }).ids[0] = -7;
    expect(() => fusedStep(free, model, batch)).toThrow("got -7");
    expect(free.exportState()).toEqual(before);
    expect(Number.isFinite(fusedStep(free, model, randomBatch(model, 2)))).toBe(true);
    free.close();
  });

  it("says why it does not apply", () => {
    const adam = {
      ...fusedModel({ ...model, optimizer: { kind: "adam", learningRate: 0.01 } }),
      lockFree: true,
    };
    expect(createFusedTrainer(adam).reason).toMatch("adam moves idle rows");
    const taught = { ...fusedModel(model), teaching: { weight: 1, temperature: 0.1 }, lockFree: true };
    expect(createFusedTrainer(taught).reason).toBe("self-teaching has no lock-free step");
  });
});
