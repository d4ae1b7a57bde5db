// Compiles lib/retrieval/kernels/assembly into the two committed modules beside it: search.wasm (plain SIMD)
// and search-relaxed.wasm (fused multiply-add). Run it after editing the source: node tools/build-search-kernels.mjs
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { compileAssemblyScript } from "./assemblyscript.mjs";

const folder = "lib/retrieval/kernels";

/** @returns {Promise<Record<string, Uint8Array>>} file name → module */
export async function buildSearchKernels() {
  return { "search.wasm": await compile(0), "search-relaxed.wasm": await compile(1) };
}

async function compile(fma) {
  let binary = null;
  let messages = "";
  const features = ["simd", "threads", ...(fma ? ["relaxed-simd"] : [])];
  const { error } = await compileAssemblyScript(
    [
      "search.ts",
      "-O3",
      "--noAssert",
      "--runtime=stub",
      "--importMemory",
      "--sharedMemory",
      "--initialMemory=1",
      "--maximumMemory=65536",
      ...features.flatMap((f) => ["--enable", f]),
      "--use",
      `FMA=${fma}`,
      "--outFile=search.wasm",
    ],
    {
      readFile: (name) => {
        const file = path.join(folder, "assembly", name);
        return existsSync(file) ? readFileSync(file, "utf8") : null;
      },
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) binary = contents;
      },
      listFiles: () => [],
      stdout: { write: () => {} },
      stderr: { write: (text) => (messages += text) },
    },
  );
  if (error || binary === null) throw new Error(`build-search-kernels: ${messages || error}`);
  return binary;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, bytes] of Object.entries(await buildSearchKernels())) {
    writeFileSync(path.join(folder, name), bytes);
    console.log(`${path.join(folder, name)}: ${bytes.length} bytes`);
  }
}
