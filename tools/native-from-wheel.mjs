#!/usr/bin/env node
// `node tools/native-from-wheel.mjs [--gpu]`: builds tfjs' native binding from its own source against the TensorFlow
// library in PyPI's wheel, for networks from which tfjs' ready-made binary cannot be had. `npm run native -- --help`
// says what it needs and takes. `npm run native -- wheel` and `-- gpu-wheel` call it.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand, tail } from "./setup/run-command.mjs";

// The binding was written for 2.9; 2.15 is the last that has the same C interface and a wheel of moderate size.
const VERSION = "2.15.1";
const HEADERS = "node-api-headers@1.5.0";
const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
const USAGE = "usage: native-from-wheel.mjs [--gpu] [--wheels FOLDER] | --remove";
/** GB of disk while it works: wheels, what is unpacked, the libraries in node_modules */
const ROOM = { cpu: 1.5, gpu: 7 };

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const target = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu");
const binary = path.join(target, "lib/napi-v8/tfjs_binding.node");
const libraries = path.join(target, "deps/lib");
// TensorFlow looks for CUDA's libraries in ../nvidia/*/lib beside its own (its RUNPATH), and for ptxas in
// ../nvidia/cuda_nvcc: no LD_LIBRARY_PATH is needed
const cuda = path.join(target, "deps/nvidia");

async function main() {
  const { gpu, wheels, remove: goBack } = optionsOf(process.argv.slice(2));
  if (goBack) return remove();
  if (process.platform !== "linux" || process.arch !== "x64")
    fail(`must run on Linux on x64, got ${process.platform} on ${process.arch}`);
  if (!existsSync(path.join(target, "binding")))
    fail("@tensorflow/tfjs-node-gpu is not installed; run: npm ci --ignore-scripts");
  const { bavail, bsize } = statfsSync(target);
  const [free, room] = [(bavail * bsize) / 1e9, ROOM[gpu ? "gpu" : "cpu"]];
  if (free < room) fail(`the disk must have ${room} GB free, got ${free.toFixed(1)} GB`);
  // beside where the libraries go, so that they are moved and not copied
  const scratch = mkdtempSync(path.join(target, "wheels-"));
  try {
    const name = gpu ? "tensorflow" : "tensorflow-cpu";
    const size = gpu ? "475 MB" : "200 MB";
    await step(
      `fetching the wheel (${size})`,
      "python3",
      downloadArgs(scratch, wheels, [`${name}==${VERSION}`]),
      900,
    );
    await step("unpacking", "python3", ["-c", UNPACK, scratch], 300);
    const headers = await nodeHeaders(scratch);
    remove();
    mkdirSync(path.dirname(binary), { recursive: true });
    mkdirSync(libraries, { recursive: true });
    const unpacked = path.join(scratch, "tensorflow");
    for (const name of LIBRARIES) renameSync(path.join(unpacked, name), path.join(libraries, name));
    await step("compiling the binding", "g++", compileArgs(headers, path.join(unpacked, "include")), 300);
    if (gpu) await fetchCuda(scratch, wheels);
    const loaded = await step(
      "loading it",
      process.execPath,
      [path.join(root, "tools/native-load.cjs")],
      120,
    );
    console.log(`native: ${loaded.split("\n").at(-1)}`);
  } catch (error) {
    remove();
    throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function optionsOf(args) {
  const options = { gpu: false, wheels: null, remove: false };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--gpu" || args[i] === "--remove") options[args[i].slice(2)] = true;
    else if (args[i] === "--wheels" && args[i + 1]) options.wheels = path.resolve(args[++i]);
    else fail(`unknown argument "${args[i]}"; ${USAGE}`);
  }
  if (options.wheels && !existsSync(options.wheels))
    fail(`--wheels must be a folder of wheels, got ${options.wheels}`);
  return options;
}

/** Puts the wheels that TensorFlow's own names for CUDA (extra and-cuda) where it looks for their libraries. */
async function fetchCuda(scratch, wheels) {
  const listed = await step(
    "reading which CUDA it was built for",
    "python3",
    ["-c", CUDA_WHEELS, scratch],
    60,
  );
  const names = listed.split("\n").filter(Boolean);
  if (names.length === 0) fail("the wheel must name CUDA's wheels, got none");
  const args = downloadArgs(scratch, wheels, names);
  await step(`fetching ${names.length} of NVIDIA's wheels (1.9 GB)`, "python3", args, 1800);
  await step("unpacking them", "python3", ["-c", UNPACK_CUDA, scratch], 600);
  renameSync(path.join(scratch, "nvidia"), cuda);
}

function downloadArgs(folder, wheels, names) {
  const systems = ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux1_x86_64"];
  const platform = systems.flatMap((name) => ["--platform", name]);
  const local = wheels ? ["--no-index", "--find-links", wheels] : [];
  const options = ["--quiet", "--no-deps", "--python-version", "311", "--only-binary=:all:"];
  return ["-m", "pip", "download", ...options, ...platform, ...local, "--dest", folder, ...names];
}

const UNPACK = `
import glob, sys, zipfile
folder = sys.argv[1]
with zipfile.ZipFile(glob.glob(folder + "/tensorflow*.whl")[0]) as wheel:
    for name in wheel.namelist():
        if name.startswith(("tensorflow/include/tensorflow/", "tensorflow/include/tsl/", "tensorflow/libtensorflow")):
            wheel.extract(name, folder)
`;

const CUDA_WHEELS = `
import glob, re, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + "/tensorflow*.whl")[0]) as wheel:
    metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    text = wheel.read(metadata).decode()
for name, version in re.findall(r"^Requires-Dist: (nvidia-[a-z0-9-]+) \\(?==([0-9.]+)\\)?.*and-cuda", text, re.M):
    print(name + "==" + version)
`;

const UNPACK_CUDA = `
import glob, os, sys, zipfile
folder = sys.argv[1]
for file in glob.glob(folder + "/nvidia*.whl"):
    with zipfile.ZipFile(file) as wheel:
        for name in wheel.namelist():
            if ".so" in name or name.endswith("/bin/ptxas") or "/libdevice/" in name:
                os.chmod(wheel.extract(name, folder), 0o755)
    os.remove(file)
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

async function step(what, command, args, timeoutSec, cwd = root) {
  console.log(`native: ${what} …`);
  const env = { TF_CPP_MIN_LOG_LEVEL: "2" };
  const { ok, output, reason } = await runCommand(command, args, { timeoutSec, cwd, env, label: what });
  if (!ok) throw new Error(`${what} failed (${reason})\n${tail(output, 6)}`);
  return output;
}

function remove() {
  for (const folder of [path.dirname(binary), libraries, cuda])
    rmSync(folder, { recursive: true, force: true });
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
