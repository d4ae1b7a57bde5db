#!/usr/bin/env node
// Compiles the AssemblyScript kernels (*.as) to the committed modules (*.wasm) beside them: npm run build:kernels
//
// A module is in two variants where Node may lack relaxed SIMD: without and, as *-fma.wasm, with fused multiply-add.
// The sources see the variant as the constant FMA, 0 or 1.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { compileAssemblyScript } from "./assemblyscript.mjs";

const ENGINE = "lib/engine/kernels";
const LIMITED = ["--maximumMemory", "65536"];
const SHARED = ["--enable", "threads", "--sharedMemory"];

/** Every kernel: its entry file, the variants of it that are built, and the memory that it works on. */
const KERNELS = [
  { entry: `${ENGINE}/private.as`, fma: [false, true], memory: LIMITED },
  { entry: `${ENGINE}/shared.as`, fma: [false, true], memory: [...LIMITED, ...SHARED] },
  { entry: "lib/encoders/transformer/kernels/layers.as", fma: [false, true], memory: LIMITED },
  {
    entry: "lib/retrieval/kernels/search.as",
    fma: [false, true],
    memory: ["--initialMemory", "1", ...LIMITED, ...SHARED],
  },
  {
    entry: "lib/retrieval/kernels/graph.as",
    fma: [false, true],
    memory: ["--initialMemory", "1", ...LIMITED, ...SHARED],
  },
  { entry: "lib/analysis/maps/kernels/layout.as", fma: [false], memory: [] },
  // only with relaxed SIMD, without which its caller takes another way
  {
    entry: "lib/negatives/cache/kernels/group-maxima.as",
    fma: [true],
    memory: [],
    target: "group-maxima.wasm",
  },
];

/**
 * Compiles the modules whose path begins so.
 *
 * @param {string} [prefix]  such as "lib/retrieval"; all by default
 * @returns {Promise<Map<string, Uint8Array>>} path of the .wasm file → its bytes
 */
export async function compileKernels(prefix = "lib") {
  const built = new Map();
  for (const { entry, fma, memory, target } of KERNELS)
    for (const fused of entry.startsWith(prefix) ? fma : []) {
      const name = target ?? `${path.basename(entry, ".as")}${fused ? "-fma" : ""}.wasm`;
      built.set(path.posix.join(path.posix.dirname(entry), name), await compile(entry, fused, memory));
    }
  return built;
}

async function compile(entry, fused, memory) {
  const features = ["--enable", "simd", ...(fused ? ["--enable", "relaxed-simd"] : [])];
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--importMemory", ...memory, ...features];
  const use = ["--use", `FMA=${fused ? 1 : 0}`];
  // asc names sources *.ts; they lie beside the entry, or among the engine's, which others import as "./name" too
  return compileAssemblyScript([`${path.basename(entry, ".as")}.ts`, ...options, ...use], (name) => {
    const source = name.replace(/\.ts$/, ".as");
    const file = [path.dirname(entry), ENGINE].map((folder) => path.join(folder, source)).find(existsSync);
    return file === undefined ? null : readFileSync(file, "utf8");
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  for (const [file, bytes] of await compileKernels()) {
    writeFileSync(file, bytes);
    console.log(`${file}: ${bytes.length} bytes`);
  }
