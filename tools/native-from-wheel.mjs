#!/usr/bin/env node
// `node tools/native-from-wheel.mjs`: builds tfjs' native binding from its own source against the TensorFlow
// library in PyPI's wheel, for networks from which tfjs' ready-made binary cannot be had. Needs Linux on x86-64,
// python3 with pip, and g++; takes some 600 MB in node_modules. `--remove` goes back to wasm.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand, tail } from "./setup/run-command.mjs";

// The binding was written for 2.9; 2.15 is the last that has the same C interface and a wheel of moderate size.
const WHEEL = "tensorflow-cpu==2.15.1";
const HEADERS = "node-api-headers@1.5.0";
const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const target = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu");
const binary = path.join(target, "lib/napi-v8/tfjs_binding.node");
const libraries = path.join(target, "deps/lib");

async function main() {
  if (process.argv.includes("--remove")) return remove();
  if (process.platform !== "linux" || process.arch !== "x64")
    fail(`must run on Linux on x64, got ${process.platform} on ${process.arch}`);
  if (!existsSync(path.join(target, "binding")))
    fail("@tensorflow/tfjs-node-gpu is not installed; run: npm ci --ignore-scripts");
  const scratch = mkdtempSync(path.join(tmpdir(), "qdrl-native-"));
  try {
    await step("fetching the wheel (200 MB)", "python3", downloadArgs(scratch), 900);
    await step("unpacking", "python3", ["-c", UNPACK, scratch], 300);
    const headers = await nodeHeaders(scratch);
    mkdirSync(path.dirname(binary), { recursive: true });
    mkdirSync(libraries, { recursive: true });
    const unpacked = path.join(scratch, "tensorflow");
    for (const name of LIBRARIES) cpSync(path.join(unpacked, name), path.join(libraries, name));
    await step("compiling the binding", "g++", compileArgs(headers, path.join(unpacked, "include")), 300);
    console.log(
      `native: ${(await step("loading it", process.execPath, ["-e", LOAD], 60)).split("\n").at(-1)}`,
    );
  } catch (error) {
    remove();
    throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function downloadArgs(folder) {
  const platform = ["--platform", "manylinux2014_x86_64", "--python-version", "311", "--only-binary=:all:"];
  return ["-m", "pip", "download", "--quiet", "--no-deps", ...platform, "--dest", folder, WHEEL];
}

const UNPACK = `
import glob, sys, zipfile
folder = sys.argv[1]
with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
    for name in wheel.namelist():
        if name.startswith(("tensorflow/include/tensorflow/", "tensorflow/include/tsl/", "tensorflow/libtensorflow")):
            wheel.extract(name, folder)
`;

/** The folder with node_api.h: Node's own if it came along, else from npm. */
async function nodeHeaders(scratch) {
  const own = path.resolve(process.execPath, "../../include/node");
  if (existsSync(path.join(own, "node_api.h"))) return own;
  await step("fetching Node's headers", "npm", ["pack", "--pack-destination", scratch, HEADERS], 120);
  await step("unpacking them", "tar", ["xzf", `node-api-headers-${HEADERS.split("@")[1]}.tgz`], 60, scratch);
  return path.join(scratch, "package/include");
}

function compileArgs(headers, include) {
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => path.join(target, "binding", name));
  const link = [
    "-L",
    libraries,
    ...LIBRARIES.map((name) => `-l:${name}`),
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
  ];
  const options = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"];
  return [...options, "-I", headers, "-I", include, ...sources, "-o", binary, ...link];
}

const LOAD =
  'const tf = require("@tensorflow/tfjs-node-gpu");' +
  "const sum = tf.sum(tf.matMul(tf.ones([3, 4]), tf.ones([4, 5]))).dataSync()[0];" +
  'if (sum !== 60) throw new Error("a product is wrong");' +
  'console.log("TensorFlow loads and multiplies, backend " + tf.getBackend());';

async function step(what, command, args, timeoutSec, cwd = root) {
  console.log(`native: ${what} …`);
  const env = { TF_CPP_MIN_LOG_LEVEL: "2" };
  const { ok, output, reason } = await runCommand(command, args, { timeoutSec, cwd, env, label: what });
  if (!ok) throw new Error(`${what} failed (${reason})\n${tail(output, 6)}`);
  return output;
}

function remove() {
  for (const folder of [path.dirname(binary), libraries]) rmSync(folder, { recursive: true, force: true });
}

function fail(message) {
  throw new Error(message);
}

try {
  await main();
} catch (error) {
  console.error(`native: ${error.message}; wasm stays the backend`);
  process.exit(1);
}
