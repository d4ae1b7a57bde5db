"use strict";

/**
 * Strict type checking and package.json "exports" in cells and in the lib files they import. tslab reads no
 * tsconfig.json: it hands its own options to ts.createWatchCompilerHost, so those are amended on the way.
 * The module's exports are read-only getters; a wrapper with the one function replaced takes its place.
 */
function install() {
  const file = require.resolve("@tslab/typescript-for-tslab");
  const ts = require(file);
  const wrapper = {};
  for (const name of Object.keys(ts)) {
    Object.defineProperty(wrapper, name, { enumerable: true, configurable: true, get: () => ts[name] });
  }
  const createWatchCompilerHost = (rootFiles, options, ...rest) =>
    ts.createWatchCompilerHost(rootFiles, amend(ts, options), ...rest);
  Object.defineProperty(wrapper, "createWatchCompilerHost", { value: createWatchCompilerHost });
  require.cache[file].exports = wrapper;
}

function amend(ts, options) {
  return {
    ...options,
    strict: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2023.d.ts"],
  };
}

module.exports = { install };
