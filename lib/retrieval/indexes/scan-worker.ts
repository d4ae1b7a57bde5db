import { parentPort, workerData } from "node:worker_threads";
import type { WasmModule } from "../../engine/kernels/web-assembly.js";
import { runItems, type ScanTask, type Shard } from "./scan-task.js";
import { searchKernel } from "./search-kernel.js";
import type { PoolReply } from "./search-pool.js";

/** What a worker gets at its start. */
export interface ScanWorkerData {
  module: WasmModule;
  shards: Shard[];
}

/** What it is sent for each search. */
export interface ScanRequest {
  task: ScanTask;
  scratch: number[];
}

const { module, shards } = workerData as ScanWorkerData;
const kernels = shards.map((shard) => searchKernel(shard.memory, module));

parentPort!.on("message", ({ task, scratch }: ScanRequest) => {
  for (const shard of shards) shard.memory.grow(0); // sees what the main thread has added
  for (const _ of runItems(task, shards, kernels, scratch))
    parentPort!.postMessage("item" satisfies PoolReply);
  parentPort!.postMessage("idle" satisfies PoolReply);
});
