import v8 from "node:v8";
import { type WasmMemory, wasmApi } from "../../../engine/kernels/web-assembly.js";
import { groupMaximaBytes } from "./group-maxima-bytes.js";

/** groupMaxima(codes, chunks per group, groups, queries, count, scores, places); addresses in bytes. */
export type GroupMaximaKernel = (...args: number[]) => number;

/** The kernel over a memory of `bytes`, or null where the runtime has no relaxed SIMD. */
export function loadGroupMaxima(bytes: number): { kernel: GroupMaximaKernel; memory: WasmMemory } | null {
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  const binary = Buffer.from(groupMaximaBytes, "base64");
  if (!wasmApi.validate(binary)) return null;
  const pages = Math.ceil(bytes / 65_536);
  const memory = new wasmApi.Memory({ initial: pages, maximum: pages, shared: false });
  const { exports } = new wasmApi.Instance(new wasmApi.Module(binary), { env: { memory, abort: () => {} } });
  return { kernel: exports["groupMaxima"]!, memory };
}
