import * as tf from "@tensorflow/tfjs";
import { selectBackend } from "../../engine/backend.js";
import type { FitOptions } from "./fit-options.js";

/**
 * Starts what computes, and names it. A GPU is used where its native library is installed; where one is asked for and there is
 * none, a line says so and the CPU computes.
 */
export async function chooseDevice(
  wanted: FitOptions["device"],
  tell: (line: string) => void,
): Promise<string> {
  if (!tf.getBackend()) tell((await selectBackend()).line);
  const backend = tf.getBackend();
  const name = `${hasGpu() ? "gpu" : "cpu"}, ${backend}`;
  if ((wanted === "cuda" || wanted === "gpu") && !hasGpu())
    tell(`device: ${wanted} is not here, the CPU computes (${backend})`);
  return name;
}

/** Whether the native backend in use was built for a GPU. */
function hasGpu(): boolean {
  const backend = tf.getBackend() === "tensorflow" ? (tf.backend() as { isUsingGpuDevice?: boolean }) : null;
  return backend?.isUsingGpuDevice === true;
}
