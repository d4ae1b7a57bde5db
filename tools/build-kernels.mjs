#!/usr/bin/env node
// Compiles lib/engine/kernels/assembly to lib/engine/kernels/built/*.wasm: npm run build:kernels
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAssemblyScript } from "./assemblyscript.mjs";

const folder = "lib/engine/kernels";
const sources = new Map(
  readdirSync(join(folder, "assembly")).map((name) => [
    name,
    readFileSync(join(folder, "assembly", name), "utf8"),
  ]),
);

/** The four variants: memory private or shared, multiply-add rounded twice or once. */
export async function compileKernels() {
  const built = new Map();
  for (const shared of [false, true])
    for (const fused of [false, true]) {
      const name = `${shared ? "shared" : "private"}${fused ? "-fma" : ""}.wasm`;
      built.set(name, await compile(shared, fused));
    }
  return built;
}

async function compile(shared, fused) {
  const options = [
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--importMemory",
    "--maximumMemory",
    "65536",
    "--enable",
    "simd",
  ];
  if (shared) options.push("--enable", "threads", "--sharedMemory");
  if (fused) options.push("--enable", "relaxed-simd");
  return compileAssemblyScript([shared ? "shared.ts" : "private.ts", ...options], (path) => {
    const source = sources.get(basename(path)) ?? null;
    return basename(path) === "variant.ts" ? source.replace("= false", `= ${fused}`) : source;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(folder, "built"), { recursive: true });
  for (const [name, bytes] of await compileKernels()) {
    writeFileSync(join(folder, "built", name), bytes);
    console.log(`${name}: ${bytes.length} bytes`);
  }
}
