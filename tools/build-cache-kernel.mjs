#!/usr/bin/env node
// Compiles lib/negatives/cache/kernel/group-maxima.as to bytes in a TypeScript file: node tools/build-cache-kernel.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileAssemblyScript } from "./assemblyscript.mjs";

const source = "lib/negatives/cache/kernel/group-maxima.as";
const target = "lib/negatives/cache/kernel/group-maxima-bytes.ts";

/** The TypeScript file that holds the compiled kernel. */
export async function compileCacheKernel() {
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--importMemory"];
  const features = ["--enable", "simd", "--enable", "relaxed-simd"];
  const read = (name) => (name === "kernel.ts" ? readFileSync(source, "utf8") : null);
  const binary = await compileAssemblyScript(["kernel.ts", ...options, ...features], read);
  const base64 = Buffer.from(binary).toString("base64");
  const lines = base64.match(/.{1,100}/g).map((line) => `  "${line}",`);
  return `/** Made by tools/build-cache-kernel.mjs from group-maxima.as. */\nexport const groupMaximaBytes = [\n${lines.join("\n")}\n].join("");\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await compileCacheKernel();
  writeFileSync(target, text);
  console.log(`${target}: ${text.length} characters`);
}
