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
  const createWatchCompilerHost = (rootFiles, options, system, ...rest) => {
    allowSeveralTimers(system);
    return ts.createWatchCompilerHost(rootFiles, amend(ts, options), system, ...rest);
  };
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

/**
 * tslab keeps one pending rebuild and throws "Unexpected pending rebuildTimer" at a second. The compiler has two
 * (a changed file, an import that resolves differently), and both are pending when files in lib are saved or made
 * while a cell is converted. Here they wait together: the first sets tslab's timer, which then fires all of them.
 */
function allowSeveralTimers(system) {
  const { setTimeout: setOne, clearTimeout: clearOne } = system;
  let waiting = [];
  let timer = null;
  let firing = false;
  system.setTimeout = (callback) => {
    const entry = { callback };
    waiting.push(entry);
    if (waiting.length === 1 && !firing) {
      timer = setOne(() => {
        firing = true;
        while (waiting.length > 0) waiting.shift().callback();
        firing = false;
      });
    }
    return entry;
  };
  system.clearTimeout = (entry) => {
    const left = waiting.filter((other) => other !== entry);
    if (left.length === 0 && waiting.length > 0 && !firing) clearOne(timer);
    waiting = left;
  };
}

module.exports = { install };
