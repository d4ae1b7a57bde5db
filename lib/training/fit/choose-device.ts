import * as tf from "@tensorflow/tfjs";
import { type BackendName, selectBackend, usesGpu } from "../../engine/backend.js";
import type { FitOptions } from "./fit-options.js";

/**
 * Starts what computes, and names it. Where a GPU is asked for, the native library is tried; where it is not installed or finds
 * none, a line says so and the CPU computes on what was in use, or on wasm.
 */
export async function chooseDevice(
  wanted: FitOptions["device"],
  tell: (line: string) => void,
): Promise<string> {
  const wantsGpu = wanted === "cuda" || wanted === "gpu";
  const before = tf.getBackend();
  if (wantsGpu && !usesGpu()) await selectBackend("tensorflow").catch(() => null);
  if (wantsGpu && !usesGpu() && (!before || tf.getBackend() !== before))
    await selectBackend((before || "auto") as BackendName);
  else if (!before) tell((await selectBackend()).line);
  const backend = tf.getBackend();
  const name = `${usesGpu() ? "gpu" : "cpu"}, ${backend}`;
  if (wantsGpu && !usesGpu()) tell(`device: ${wanted} is not here, the CPU computes (${backend})`);
  return name;
}
