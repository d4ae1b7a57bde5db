import { parentPort, workerData } from "node:worker_threads";
import type { WasmModule } from "../../engine/kernels/web-assembly.js";
import { graphKernel } from "./graph-kernel.js";
import {
  type GraphRegion,
  type GraphTask,
  type GraphView,
  openGraphRegion,
  runGraphItems,
} from "./graph-task.js";
import type { SharedMemory } from "./kernel-memory.js";
import type { PoolReply } from "./search-pool.js";

/** What a worker gets at its start. */
export interface GraphWorkerData {
  module: WasmModule;
  memory: SharedMemory;
  view: GraphView;
}

/** What it is sent for each search. */
export interface GraphRequest {
  task: GraphTask;
  region: GraphRegion;
}

const { module, memory, view } = workerData as GraphWorkerData;
const kernel = graphKernel(memory, module);

parentPort!.on("message", ({ task, region }: GraphRequest) => {
  memory.grow(0); // sees what the main thread has added
  openGraphRegion(kernel, view, region);
  for (const _ of runGraphItems(task, view, kernel, memory, region))
    parentPort!.postMessage("item" satisfies PoolReply);
  parentPort!.postMessage("idle" satisfies PoolReply);
});
