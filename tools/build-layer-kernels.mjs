#!/usr/bin/env node
// Compiles lib/encoders/transformer/kernels/layers.as to bytes in a TypeScript file: node tools/build-layer-kernels.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAssemblyScript } from "./assemblyscript.mjs";

const folder = "lib/encoders/transformer/kernels";
const target = `${folder}/layer-bytes.ts`;
const shared = "lib/engine/kernels/assembly";
const sources = new Map([
  ["layers.ts", readFileSync(`${folder}/layers.as`, "utf8")],
  ...["vector.ts", "variant.ts"].map((name) => [name, readFileSync(`${shared}/${name}`, "utf8")]),
]);

async function compile(fused) {
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--maximumMemory", "65536"];
  options.push("--enable", "simd", ...(fused ? ["--enable", "relaxed-simd"] : []));
  const binary = await compileAssemblyScript(["layers.ts", ...options], (path) => {
    const source = sources.get(basename(path)) ?? null;
    return basename(path) === "variant.ts" ? source.replace("= false", `= ${fused}`) : source;
  });
  const lines = Buffer.from(binary)
    .toString("base64")
    .match(/.{1,100}/g)
    .map((line) => `  "${line}",`);
  return `[\n${lines.join("\n")}\n].join("")`;
}

/** The TypeScript file that holds the compiled kernels. */
export async function compileLayerKernels() {
  return `// Made by tools/build-layer-kernels.mjs from layers.as.

/** Multiply-add rounded twice, for every runtime with SIMD. */
export const plainBytes = ${await compile(false)};

/** Multiply-add rounded once, where the runtime has relaxed SIMD. */
export const fusedBytes = ${await compile(true)};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await compileLayerKernels();
  writeFileSync(target, text);
  console.log(`${target}: ${text.length} characters`);
}
