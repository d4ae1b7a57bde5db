import { readFileSync } from "node:fs";
import { packageFile } from "../../files/package-files.js";

/**
 * A compiled kernel, beside its AssemblyScript source.
 *
 * @param file  relative to the root of the package, such as "lib/engine/kernels/private.wasm"
 */
export function readKernel(file: string): Uint8Array {
  return readFileSync(packageFile(file));
}
