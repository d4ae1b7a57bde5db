import os from "node:os";
import type { Worker } from "node:worker_threads";
import { instantiateKernels } from "../engine/kernels/kernels.js";
import { loadKernelModule } from "../engine/kernels/load.js";
import { type WasmMemory, wasmApi } from "../engine/kernels/web-assembly.js";
import { startWorker } from "../engine/start-worker.js";
import { UserError } from "../files/user-error.js";
import { command, type WorkerStart } from "./fused-control.js";
import { layoutFused } from "./fused-layout.js";
import { type FusedArrays, FusedMemory, type FusedState } from "./fused-memory.js";
import { type FusedEncoder, type FusedModel, type FusedPlan, planFused, stepFlops } from "./fused-plan.js";
import { FusedStep, type StepPhase } from "./fused-step.js";
import { type FusedBatch, loadBatch, loadRows } from "./load-batch.js";
import type { StepWork } from "./machine-limit.js";

export interface FusedOptions extends FusedModel {
  /** threads, this one included (default 1); the result does not depend on it */
  threads?: number;
  /** turns that a waiting thread spins before it sleeps (20,000 are about 50 µs); default 20,000, and 0 for more threads than cores */
  spins?: number;
}

/**
 * Trains a standard tower model with whole steps in SIMD kernels, on several threads over one shared memory: the same
 * numbers as the tfjs path to float32 rounding, and the same bytes for any number of threads.
 */
export class FusedTrainer {
  learningRate: number;
  step = 0;
  private flops = 0;
  private readonly local: FusedStep;
  private readonly memory: FusedMemory;
  private readonly control: Int32Array;
  private readonly controlFloats: Float64Array;
  private readonly workers: Worker[] = [];

  constructor(
    private readonly plan: FusedPlan,
    private readonly encoder: FusedEncoder,
    readonly threads: number,
    memory: WasmMemory,
    layout: ReturnType<typeof layoutFused>,
    spins: number,
  ) {
    const { module } = loadKernelModule("shared");
    this.learningRate = plan.optimizer.learningRate;
    const kernels = instantiateKernels(module, memory);
    this.memory = new FusedMemory(plan, layout, memory, kernels);
    const { work } = layout;
    this.control = new Int32Array(memory.buffer, work.control, 64);
    this.controlFloats = new Float64Array(memory.buffer, work.control, 32);
    this.local = new FusedStep(plan, layout, kernels, memory, 0, threads, spins);
    for (let thread = 1; thread < threads; thread++) {
      const workerData: WorkerStart = { plan, layout, module, memory, thread, threads, spins };
      this.workers.push(startWorker("lib/fused/fused-worker.ts", workerData));
    }
    const deadline = performance.now() + 60_000;
    for (let ready = 0; (ready = Atomics.load(this.control, command.ready)) < threads - 1; ) {
      Atomics.wait(this.control, command.ready, ready, 1000);
      if (performance.now() > deadline)
        throw new UserError("FusedTrainer: workers must start within 60 s, they did not");
    }
  }

  /**
   * One update.
   *
   * @param queries     as many rows as documents; with self-teaching three times as many: trained, misspelled, clean
   * @param maskedCells (row, document) flattened: documents that are no negatives of a query
   * @param sameQueries (row, row) flattened: rows that are the same query, for contrastive alignment
   * @returns the batch's loss before the update; if it is not finite, nothing was updated and `step` stays
   * @throws RangeError for ids outside the tables or batches that do not fit, before anything is computed
   */
  trainStep(
    queries: FusedBatch,
    documents: FusedBatch,
    maskedCells: Int32Array = none,
    sameQueries: Int32Array = none,
  ): number {
    const { size } = documents;
    const { memory, plan, encoder } = this;
    const parts = loadBatch(memory, plan, encoder, queries, documents, maskedCells, sameQueries);
    this.control[command.parts] = parts;
    this.send(command.train, size, this.step + 1);
    const loss = this.local.run(size, parts, this.step + 1, this.learningRate);
    if (Number.isFinite(loss)) this.step++;
    this.flops += stepFlops(this.plan, queries.size, size);
    return loss;
  }

  /** Mean divergence of the last batch's misspelled from its clean queries, nats; 0 without self-teaching. */
  divergence(): number {
    return this.local.divergence();
  }

  /** Mean contrastive alignment of the last batch's misspelled queries, nats; 0 without it. */
  alignment(): number {
    return this.local.alignment();
  }

  /** Seconds of this thread by phase since the start. */
  spent(): Record<StepPhase, number> {
    const { gather, dense, update, wait } = this.local.spentMs;
    return { gather: gather / 1e3, dense: dense / 1e3, update: update / 1e3, wait: wait / 1e3 };
  }

  /** Arithmetic of all steps since the start, and their traffic of table rows (of all threads, by this one's share). */
  work(): StepWork {
    return { flops: this.flops, bytes: 2 * this.local.bytesTouched * this.threads };
  }

  /** Embeddings [batch.size, outputDim] of one side, on all threads, without an update. */
  encode(batch: FusedBatch, side: "query" | "document"): Float32Array {
    this.local.synchronise(this.step);
    const { maxBatch, outputDim } = this.plan;
    const index = side === "query" ? 0 : 1;
    const out = new Float32Array(batch.size * outputDim);
    for (let from = 0; from < batch.size; from += maxBatch) {
      const size = Math.min(maxBatch, batch.size - from);
      loadRows(this.memory, this.plan, this.encoder, index, batch, from, size);
      this.control[command.side] = index;
      this.send(command.encode, size, this.step);
      this.local.encode(index, size);
      out.set(this.memory.floats(this.local.embeddings(index), size * outputDim), from * outputDim);
    }
    return out;
  }

  /** Copies of all parameters and of the optimiser's state, all rows current, under the tfjs path's names. */
  exportState(): FusedState {
    this.local.synchronise(this.step);
    return { ...this.memory.read(), step: this.step };
  }

  /** {@link exportState} without copies, to be read before the next step. */
  arrays(): FusedArrays {
    this.local.synchronise(this.step);
    return this.memory.arrays();
  }

  /** Continues from a state of {@link exportState} or of the tfjs path. State arrays left out start afresh. */
  importState(state: FusedState): void {
    this.memory.write(state);
    this.step = state.step;
    this.send(command.reset, 0, state.step);
    this.local.reset(state.step);
  }

  /**
   * Fills parameters in place, tables row by row, without the copies that {@link importState} needs.
   *
   * @param fill gets the parameters to fill and the fan-in of their layer (null for rows of tables)
   */
  initialise(fill: (values: Float32Array, fanIn: number | null) => void): void {
    this.memory.initialise(fill);
  }

  /** Stops the threads and lets the memory go. */
  close(): void {
    this.send(command.stop, 0, 0);
    this.workers.length = 0;
  }

  /** Sets the workers going. Each command but the last ends at the barrier, so none can overtake another. */
  private send(kind: number, size: number, step: number): void {
    if (this.workers.length === 0) return;
    this.control[command.kind] = kind;
    this.control[command.size] = size;
    this.control[command.step] = step;
    this.controlFloats[command.learningRate] = this.learningRate;
    Atomics.add(this.control, command.serial, 1);
    Atomics.notify(this.control, command.serial);
  }
}

const none = new Int32Array(0);

/**
 * A fused trainer for the model, or the reason why there is none: an encoder, loss or optimiser without fused step,
 * widths that are not multiples of 4, tables that do not fit in 4 GiB of WebAssembly memory. Parameters are zero
 * until {@link FusedTrainer.importState}.
 */
export function createFusedTrainer(
  options: FusedOptions,
): { trainer: FusedTrainer; reason: null } | { trainer: null; reason: string } {
  const { threads = 1, encoderSpec } = options;
  const { spins = threads > os.availableParallelism() ? 0 : 20_000 } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError(`createFusedTrainer: threads must be a positive integer, got ${threads}`);
  const plan = planFused(options);
  if (typeof plan === "string") return { trainer: null, reason: plan };
  let layout = layoutFused(plan, threads);
  if (layout.bytes > 2 ** 32 && plan.words && !plan.weighted) {
    plan.words = null; // bags pooled row by row take less memory
    layout = layoutFused(plan, threads);
  }
  const gigabytes = (layout.bytes / 2 ** 30).toFixed(1);
  const pages = Math.ceil(layout.bytes / 65_536);
  if (pages > 65_536)
    return { trainer: null, reason: `tables and a batch must fit in 4 GiB, got ${gigabytes} GiB` };
  let memory: WasmMemory;
  try {
    memory = new wasmApi.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    return { trainer: null, reason: `no memory for ${gigabytes} GiB` };
  }
  return { trainer: new FusedTrainer(plan, encoderSpec, threads, memory, layout, spins), reason: null };
}
