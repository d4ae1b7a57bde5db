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
  const features = ["simd", "threads", ...(fma ? ["relaxed-simd"] : [])];
  const memory = ["--importMemory", "--sharedMemory", "--initialMemory=1", "--maximumMemory=65536"];
  const enabled = features.flatMap((feature) => ["--enable", feature]);
  return compileAssemblyScript(
    ["search.ts", "-O3", "--noAssert", "--runtime=stub", ...memory, ...enabled, "--use", `FMA=${fma}`],
    (name) => {
      const file = path.join(folder, "assembly", name);
      return existsSync(file) ? readFileSync(file, "utf8") : null;
    },
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, bytes] of Object.entries(await buildSearchKernels())) {
    writeFileSync(path.join(folder, name), bytes);
    console.log(`${path.join(folder, name)}: ${bytes.length} bytes`);
  }
}
