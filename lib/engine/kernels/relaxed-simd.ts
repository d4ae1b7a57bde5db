import v8 from "node:v8";

/**
 * Lets WebAssembly use relaxed SIMD (fused multiply-add) on Node 20, whose V8 11.3 has it behind a flag; from V8 11.4 on
 * it is always there, and the flag, unknown, would be complained about. For the whole process, workers included;
 * WebAssembly compiled before stays as it is.
 */
export function allowRelaxedSimd(): void {
  const [major = 0, minor = 0] = process.versions.v8.split(".").map(Number);
  if (major < 11 || (major === 11 && minor < 4)) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}
