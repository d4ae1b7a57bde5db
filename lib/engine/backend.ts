import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
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

/**
 * Chooses where tfjs computes: the native library when its binary is installed, else WebAssembly (SIMD), else
 * plain JavaScript. Calling it again with the same wish changes nothing.
 *
 * @param preferred "auto" takes the first that works; a name takes that one or fails
 * @returns the backend now in use and a line to print
 * @throws UserError for an unknown name, or a backend asked for by name that cannot start
 */
export async function selectBackend(preferred: BackendName | "auto" = "auto"): Promise<BackendChoice> {
  if (preferred !== "auto" && !order.includes(preferred))
    throw new UserError(`selectBackend: unknown backend "${preferred}"; known: auto, ${order.join(", ")}`);
  tf.enableProdMode();
  const refusals: string[] = [];
  for (const name of preferred === "auto" ? order : [preferred]) {
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
    createRequire(packageFile("package.json"))(packageName);
    return null;
  }
  return "native library not installed (npm run native)";
}

function describe(name: BackendName, refusals: readonly string[]): string {
  const simd = wasmHeap()?.fusedMultiplyAdd ? "wasm (SIMD, fused multiply-add)" : "wasm (SIMD)";
  const what = { tensorflow: "tensorflow (native)", wasm: simd, cpu: "cpu (plain JavaScript)" }[name];
  return refusals.length === 0 ? `backend: ${what}` : `backend: ${what}; ${refusals.join("; ")}`;
}
