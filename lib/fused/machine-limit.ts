import { instantiateKernels } from "../engine/kernels/kernels.js";
import { loadKernelModule } from "../engine/kernels/load.js";
import { wasmApi } from "../engine/kernels/web-assembly.js";

/** What a number of threads could do at best. */
export interface MachineLimit {
  flopsPerSecond: number;
  /** read and written bytes together */
  bytesPerSecond: number;
}

/** Work that no implementation of a step can do without. */
export interface StepWork {
  flops: number;
  bytes: number;
}

const copied = 64 * 2 ** 20;

/**
 * Measures this thread's peak of the matrix kernel (on matrices that stay in its cache) and the memory's bandwidth
 * while copying 64 MiB: best of some tries, about a tenth of a second in all. The peak counts once per thread, the
 * bandwidth, which threads share, once.
 */
export function measureLimit(threads: number): MachineLimit {
  const memory = new wasmApi.Memory({ initial: 32, maximum: 32, shared: false });
  const { gemm } = instantiateKernels(loadKernelModule("private").module, memory);
  const [m, n, depth] = [128, 128, 256];
  const [a, b, c, panel] = [0, m * depth * 4, (m + n) * depth * 4, (m + n) * depth * 4 + m * n * 4];
  new Float32Array(memory.buffer).fill(0.5);
  const multiply = () => gemm(a, depth * 4, 4, b, n * 4, 4, c, n * 4, m, n, depth, panel, 0);
  for (let i = 0; i < 200; i++) multiply(); // until it is compiled well
  const product = best(5, () => {
    for (let i = 0; i < 20; i++) multiply();
  });
  const [from, to] = [new Float32Array(copied / 4).fill(1), new Float32Array(copied / 4).fill(2)];
  const copy = best(3, () => to.set(from));
  return {
    flopsPerSecond: (threads * 20 * 2 * m * n * depth) / product,
    bytesPerSecond: (2 * copied) / copy,
  };
}

/** Seconds that work takes where either arithmetic or memory is the only bound, whichever is later. */
export function shortestSeconds({ flops, bytes }: StepWork, limit: MachineLimit): number {
  return Math.max(flops / limit.flopsPerSecond, bytes / limit.bytesPerSecond);
}

/** Seconds of the fastest of `tries` runs. */
function best(tries: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    const began = performance.now();
    run();
    least = Math.min(least, performance.now() - began);
  }
  return least / 1000;
}
