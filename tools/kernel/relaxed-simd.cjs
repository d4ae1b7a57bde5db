"use strict";
const v8 = require("node:v8");

/**
 * Lets WebAssembly use relaxed SIMD (fused multiply-add) on Node 20, whose V8 11.3 has it behind a flag; from
 * V8 11.4 on it is always there. To be called before anything compiles WebAssembly.
 */
function allowRelaxedSimd() {
  const [major, minor] = process.versions.v8.split(".").map(Number);
  if (major < 11 || (major === 11 && minor < 4)) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

module.exports = { allowRelaxedSimd };
