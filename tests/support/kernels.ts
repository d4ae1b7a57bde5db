import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { compileKernels } from "../../tools/build-kernels.mjs";

/** Compiles the sources of the kernels below a folder, and compares with the committed modules. */
export async function expectKernelsAsBuilt(folder: string, names: readonly string[]): Promise<void> {
  const built = await compileKernels(folder);
  expect([...built.keys()].map((file) => path.basename(file))).toEqual(names);
  for (const [file, bytes] of built)
    expect(Buffer.compare(readFileSync(file), Buffer.from(bytes)), file).toBe(0);
}
