import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { hasNvidiaDriver } from "../files/nvidia-driver.js";
import { dependencyPath, packageFile } from "../files/package-files.js";
import { UserError } from "../files/user-error.js";
import { loadKernelModule } from "./kernels/load.js";
import { installWasmMatMul } from "./ops/wasm-matmul.js";
import { provideKernels, wasmHeap } from "./wasm-heap.js";

export type BackendName = "tensorflow" | "wasm" | "cpu";

export interface BackendChoice {
  name: BackendName;
  /** one sentence for the terminal and the run manifest: what was taken and why not something faster */
  line: string;
}

const order: readonly BackendName[] = ["tensorflow", "wasm", "cpu"];
/** The native library is never taken unasked: fused steps on wasm are faster than it on a CPU, and repeat bit by bit. */
const unasked: readonly BackendName[] = ["wasm", "cpu"];

/**
 * Chooses where tfjs computes: WebAssembly (SIMD), else plain JavaScript; the native library, on a GPU where it finds one, if
 * asked for by name. Calling it again with the same wish changes nothing.
 *
 * @param preferred "auto" takes the first of wasm and cpu that works; a name takes that one or fails
 * @returns the backend now in use and a line to print
 * @throws UserError for an unknown name, or a backend asked for by name that cannot start
 */
export async function selectBackend(preferred: BackendName | "auto" = "auto"): Promise<BackendChoice> {
  if (preferred !== "auto" && !order.includes(preferred))
    throw new UserError(`selectBackend: unknown backend "${preferred}"; known: auto, ${order.join(", ")}`);
  tf.enableProdMode();
  const refusals: string[] = [];
  for (const name of preferred === "auto" ? unasked : [preferred]) {
    const refusal = await start(name);
    if (refusal === null) return { name, line: describe(name, refusals) };
    refusals.push(`${name}: ${refusal}`);
  }
  throw new UserError(`selectBackend: no backend could start (${refusals.join("; ")})`);
}

async function start(name: BackendName): Promise<string | null> {
  try {
    if (name === "tensorflow") {
      const missing = loadNative();
      if (missing !== null) return missing;
    }
    provideKernels(() => loadKernelModule("private"));
    if (name === "wasm") setWasmPaths(`${dependencyPath("@tensorflow/tfjs-backend-wasm/dist")}/`);
    if (tf.getBackend() !== name && !(await tf.setBackend(name))) return "could not be initialised";
    await tf.ready();
    if (tf.getBackend() !== name) return "could not be initialised";
    if (name === "wasm") installWasmMatMul();
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
  }
}

/** Loads the native binding if its binary lies in the package; returns why not otherwise. */
function loadNative(): string | null {
  for (const packageName of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]) {
    const lib = dependencyPath(`${packageName}/lib`);
    if (!existsSync(lib)) continue;
    const built = readdirSync(lib).some((folder) => existsSync(resolve(lib, folder, "tfjs_binding.node")));
    if (!built) continue;
    process.env.TF_CPP_MIN_LOG_LEVEL ??= "3"; // its lines about what it registers twice
    createRequire(packageFile("package.json"))(packageName);
    return null;
  }
  return "native library not installed (npm run native -- --help)";
}

/** Where the native library computes: it falls back to the CPU by itself where it finds no GPU. */
function nativeDevice(): string {
  if (usesGpu()) return "on the GPU";
  const driver = hasNvidiaDriver();
  return `on the CPU: ${driver ? "TensorFlow finds no GPU (TF_CPP_MIN_LOG_LEVEL=0 says why)" : "no NVIDIA driver is loaded"}`;
}

/** Whether the backend in use is the native one and computes on a GPU. */
export function usesGpu(): boolean {
  const backend = tf.getBackend() === "tensorflow" ? (tf.backend() as { isUsingGpuDevice?: boolean }) : null;
  return backend?.isUsingGpuDevice === true;
}

function describe(name: BackendName, refusals: readonly string[]): string {
  const simd = wasmHeap()?.fusedMultiplyAdd ? "wasm (SIMD, fused multiply-add)" : "wasm (SIMD)";
  const what = {
    tensorflow: `tensorflow (native, ${nativeDevice()})`,
    wasm: simd,
    cpu: "cpu (plain JavaScript)",
  }[name];
  return refusals.length === 0 ? `backend: ${what}` : `backend: ${what}; ${refusals.join("; ")}`;
}
