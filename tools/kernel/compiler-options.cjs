"use strict";
const { openCompileCache } = require("./compile-cache.cjs");

/**
 * Strict type checking and package.json "exports" in cells and in the lib files they import. tslab reads no
 * tsconfig.json: it hands its own options to ts.createWatchCompilerHost, so those are amended on the way, and files of
 * lib come from the compile cache where they were compiled before.
 * The module's exports are read-only getters; a wrapper with the one function replaced takes its place.
 */
function install(root) {
  const file = require.resolve("@tslab/typescript-for-tslab");
  const ts = require(file);
  const wrapper = {};
  for (const name of Object.keys(ts)) {
    Object.defineProperty(wrapper, name, { enumerable: true, configurable: true, get: () => ts[name] });
  }
  let cache = null;
  const replace = (name, value) => Object.defineProperty(wrapper, name, { enumerable: true, value });
  replace("createWatchCompilerHost", (rootFiles, options, system, _createProgram, ...rest) => {
    allowSeveralTimers(system);
    const amended = amend(ts, options);
    cache = openCompileCache(ts, root, amended);
    const createProgram = (...args) => {
      const builder = ts.createEmitAndSemanticDiagnosticsBuilderProgram(...args);
      return cache ? cache.watch(builder) : builder;
    };
    return ts.createWatchCompilerHost(rootFiles, amended, system, createProgram, ...rest);
  });
  replace("getPreEmitDiagnosticsOfFiles", (program, files, ...rest) =>
    ts.getPreEmitDiagnosticsOfFiles(program, cache ? cache.unchecked(files) : files, ...rest),
  );
  replace("transpileModule", (text, ...rest) => {
    const transpile = () => ts.transpileModule(text, ...rest);
    return cache ? cache.transpile(text, transpile) : transpile();
  });
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
