import type { WasmMemory, WasmModule } from "../engine/kernels/web-assembly.js";
import type { FusedLayout } from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";

/** What a worker thread is started with. */
export interface WorkerStart {
  plan: FusedPlan;
  layout: FusedLayout;
  module: WasmModule;
  memory: WasmMemory;
  thread: number;
  threads: number;
  /** turns that a waiting thread spins before it sleeps */
  spins: number;
}

/**
 * The control block: 64 words. Words 0 and 1 are the barrier; the others as named here (learningRate and loss count in
 * float64). `serial` grows by one with each command to the workers.
 */
export const command = {
  serial: 2,
  kind: 3,
  size: 4,
  step: 5,
  side: 6,
  ready: 7,
  parts: 8,
  learningRate: 8,
  loss: 10,
  // kinds of command
  train: 1,
  encode: 2,
  reset: 3,
  stop: 4,
} as const;
