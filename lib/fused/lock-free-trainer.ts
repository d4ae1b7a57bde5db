import type { Worker } from "node:worker_threads";
import { instantiateKernels, loadKernelModule } from "../engine/kernels/load.js";
import type { WasmMemory } from "../engine/kernels/web-assembly.js";
import { startWorker } from "../engine/start-worker.js";
import { UserError } from "../files/user-error.js";
import { command, type WorkerStart } from "./fused-control.js";
import type { FusedLayout } from "./fused-layout.js";
import { type FusedArrays, FusedMemory, type FusedState } from "./fused-memory.js";
import { type FusedEncoder, type FusedPlan, stepFlops } from "./fused-plan.js";
import { type FusedBatch, loadBatch } from "./load-batch.js";
import type { StepWork } from "./machine-limit.js";
import { driftOf } from "./rule-factors.js";

/** A worker with a batch of its own. */
interface Lane {
  worker: Worker;
  memory: FusedMemory;
  words: Int32Array;
  doubles: Float64Array;
  orders: number;
}

const none = new Int32Array(0);

/**
 * Trains without locks: every worker computes whole steps on batches of its own and writes weights and rows while the
 * others read and write them (Hogwild). Gradients may be a step or two old and some writes are lost, so a run cannot be
 * repeated, not even with the same number of threads; with one thread it is an ordinary run.
 *
 * @see Niu, Recht, Ré & Wright 2011, arXiv:1106.5730
 */
export class LockFreeTrainer {
  learningRate: number;
  step = 0;
  private flops = 0;
  private readonly lanes: Lane[];
  private lastLoss = 0;
  private failed: number | null = null;

  /** @param layout with a work area per thread, each for steps of one thread */
  constructor(
    private readonly plan: FusedPlan,
    private readonly encoder: FusedEncoder,
    readonly threads: number,
    memory: WasmMemory,
    layout: FusedLayout,
    spins: number,
  ) {
    this.learningRate = plan.optimizer.learningRate;
    const { module } = loadKernelModule("shared");
    const kernels = instantiateKernels(module, memory);
    this.lanes = layout.work.map((work, area) => {
      const workerData: WorkerStart = { plan, layout, module, memory, thread: 0, threads: 1, spins, area };
      return {
        worker: startWorker("lib/fused/fused-worker.ts", workerData),
        memory: new FusedMemory(plan, layout, memory, kernels, work),
        words: new Int32Array(memory.buffer, work.control, 64),
        doubles: new Float64Array(memory.buffer, work.control, 32),
        orders: 0,
      };
    });
    for (const { words } of this.lanes) {
      if (Atomics.wait(words, command.ready, 0, 60_000) === "timed-out")
        throw new UserError("LockFreeTrainer: workers must start within 60 s, they did not");
    }
  }

  /**
   * Hands a batch to the next worker and goes on while that works; waits where it still has one.
   *
   * @returns the loss of the batch that this worker did before, in the first round that of this batch
   * @throws RangeError as FusedTrainer.trainStep
   */
  trainStep(queries: FusedBatch, documents: FusedBatch, maskedCells: Int32Array = none): number {
    const lane = this.lanes[this.step % this.lanes.length]!;
    const isFirst = lane.orders === 0;
    if (!isFirst) this.collect(lane);
    const parts = loadBatch(lane.memory, this.plan, this.encoder, queries, documents, maskedCells, none);
    this.flops += stepFlops(this.plan, queries.size, documents.size);
    const { words, doubles } = lane;
    words[command.parts] = parts;
    words[command.size] = documents.size;
    words[command.step] = this.step + 1;
    doubles[command.learningRate] = this.learningRate;
    this.order(lane, command.train);
    this.step++;
    if (isFirst) this.collect(lane);
    if (this.failed !== null) {
      const loss = this.failed;
      this.failed = null;
      return loss;
    }
    return this.lastLoss;
  }

  /** There is no self-teaching without locks. */
  divergence(): number {
    return 0;
  }

  /** Nor contrastive alignment. */
  alignment(): number {
    return 0;
  }

  /** Workers keep their own time; nothing is told apart. */
  spent(): Record<string, number> {
    return {};
  }

  work(): StepWork {
    return { flops: this.flops, bytes: 0 };
  }

  exportState(): FusedState {
    this.finish();
    return { ...this.lanes[0]!.memory.read(), step: this.step };
  }

  arrays(): FusedArrays {
    this.finish();
    return this.lanes[0]!.memory.arrays();
  }

  importState(state: FusedState): void {
    this.finish();
    this.lanes[0]!.memory.write(state);
    this.step = state.step;
  }

  /** As FusedTrainer.initialise. */
  initialise(fill: (values: Float32Array, fanIn: number | null) => void): void {
    this.finish();
    this.lanes[0]!.memory.initialise(fill);
  }

  close(): void {
    this.finish();
    for (const lane of this.lanes) this.order(lane, command.stop);
  }

  private order(lane: Lane, kind: number): void {
    lane.words[command.kind] = kind;
    lane.orders++;
    Atomics.add(lane.words, command.serial, 1);
    Atomics.notify(lane.words, command.serial);
  }

  /** Waits for a worker's last batch. */
  private collect({ words, doubles, orders }: Lane): void {
    let finished = 0;
    while ((finished = Atomics.load(words, command.finished)) < orders)
      Atomics.wait(words, command.finished, finished);
    this.lastLoss = doubles[command.loss]!;
    if (!Number.isFinite(this.lastLoss)) this.failed = this.lastLoss;
  }

  private finish(): void {
    for (const lane of this.lanes) if (lane.orders > 0) this.collect(lane);
  }
}

/** Why a model cannot be trained without locks; null if it can. */
export function beyondLockFree({ optimizer, teaching }: FusedPlan): string | null {
  if (teaching)
    return `${teaching.weight > 0 ? "self-teaching" : "contrastive alignment"} has no lock-free step`;
  if (driftOf(optimizer) === null) return null;
  return `${optimizer.kind} moves idle rows by the number of steps, which lock-free steps do not share; lazy_adam does not`;
}
