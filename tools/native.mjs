#!/usr/bin/env node
// `npm run native -- WAY`: installs and checks what computes natively or on a GPU. Everything works without it, on wasm and ONNX
// Runtime's processor kernels. `npm run native -- --help` lists the ways.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findVulkan } from "./gpu/vulkan.mjs";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const HELP = `usage: npm run native -- [WAY]

tfjs on TensorFlow's library (configuration: backend: tensorflow; auto never takes it)
  gpu         tfjs-node-gpu's ready-made library, TensorFlow 2.9 for CUDA 11.2 (the default way); needs a network that
              reaches Google's storage. Not seen: it cannot be had where this was tried
  cpu         the same for CPUs
  gpu-wheel   its binding compiled (g++, python3 with pip, Linux on x64) against PyPI's tensorflow 2.15.1 with its nvidia-*
              wheels, CUDA 12.2: 2.3 GB fetched, 3.8 GB kept. Seen: installs, loads, trains, and without a GPU computes on
              the CPU after one line; not yet run on a GPU
  wheel       the same against tensorflow-cpu 2.15.1, 200 MB. Seen: works

ONNX Runtime's providers (configuration: provider: webgpu or cuda, for engine: jit and encode_with: onnx)
  webgpu      nothing to install but a Vulkan driver: checks a product and a training step with its gradients. Seen: right on
              the software driver that comes with Chromium; not yet run on a GPU
  cuda        its CUDA 12 library by onnxruntime-node's own install script; needs a network that reaches NuGet
  cuda-wheel  the same library for CUDA 13 from PyPI's onnxruntime-gpu of the same version with its nvidia-* wheels. Seen:
              installs; without an NVIDIA driver one line says so; not yet run on a GPU

--remove      takes out what gpu-wheel, wheel and cuda-wheel installed
To measure what works here: npm run gpu-check`;

const WAYS = {
  gpu: library,
  cpu: library,
  "gpu-wheel": wheel,
  wheel,
  webgpu: provider,
  cuda: provider,
  "cuda-wheel": provider,
};

async function main() {
  const way = process.argv[2] ?? "gpu";
  if (way === "--help" || way === "-h") return void console.log(HELP);
  if (way === "--remove") return remove();
  if (!Object.hasOwn(WAYS, way))
    fail(`must be one of ${Object.keys(WAYS).join(", ")}, --remove, got "${way}"`);
  await ensure({});
  await WAYS[way](way);
}

/** tfjs-node-gpu's ready-made binary and library. */
async function library(kind) {
  const folder = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu");
  if (!existsSync(folder)) fail("@tensorflow/tfjs-node-gpu is not installed; run: npm ci --ignore-scripts");
  const load = () => run(process.execPath, ["tools/native-load.cjs"], { timeoutSec: 60 });
  let loaded = await load();
  if (!loaded.ok) {
    console.log(`native: fetching libtensorflow (${kind}), some hundred megabytes …`);
    const install = [path.join(folder, "scripts/install.js"), kind, "download"];
    const path_ = `${path.join(root, "node_modules/.bin")}${path.delimiter}${process.env.PATH}`;
    const options = { timeoutSec: 1200, cwd: folder, env: { PATH: path_ }, label: "native: fetching" };
    const fetched = await run(process.execPath, install, options);
    loaded = await load();
    if (!loaded.ok) {
      const [why, output] = fetched.ok
        ? ["it does not load", loaded.output]
        : [fetched.reason, fetched.output];
      const mirrors = `to use a mirror, set TFJS_NODE_CDN_STORAGE or TFJS_NODE_BASE_URI; to build it from PyPI's wheel: npm run native -- ${kind === "gpu" ? "gpu-wheel" : "wheel"}`;
      const { tail } = await import("./setup/run-command.mjs");
      fail(`not installed (${why}); wasm stays the backend; ${mirrors}\n${tail(output, 4)}`);
    }
  }
  console.log(`native: ${loaded.output.split("\n").at(-1)}`);
}

function wheel(way) {
  return attached(
    "tools/native-from-wheel.mjs",
    ...(way === "gpu-wheel" ? ["--gpu"] : []),
    ...process.argv.slice(3),
  );
}

/** Installs a provider's library where it has one, and says whether it computes. */
async function provider(way) {
  if (way === "cuda-wheel") await attached("tools/cuda-from-wheel.mjs", ...process.argv.slice(3));
  const name = way === "webgpu" ? "webgpu" : "cuda";
  const vulkan = way === "webgpu" ? findVulkan() : null;
  let found = await probe(name, vulkan?.env ?? {});
  if (found.fault && way === "cuda" && /library must load/.test(found.fault)) {
    console.log("native: fetching ONNX Runtime's CUDA library, some hundred megabytes …");
    const folder = path.join(root, "node_modules/onnxruntime-node");
    const args = [path.join(folder, "script/install.js"), "--onnxruntime-node-install=cuda12"];
    const fetched = await run(process.execPath, args, {
      timeoutSec: 1200,
      cwd: folder,
      label: "native: fetching",
    });
    if (!fetched.ok)
      fail(`not installed (${fetched.reason}); provider: cpu stays; from PyPI: npm run native -- cuda-wheel`);
    found = await probe(name, {});
  }
  if (found.fault) fail(found.fault);
  const kernels = Object.entries(found.kernels).map(([who, count]) => `${count} kernels by ${who}`);
  const where = vulkan?.software ? ` on ${vulkan.name}, which is no GPU` : "";
  console.log(
    `native: provider ${name} multiplies and differentiates${where}: ${kernels.join(", ")}, largest difference to tfjs ${Math.max(found.product, found.step).toExponential(0)}`,
  );
}

async function probe(name, env) {
  const args = ["--import", "tsx", "tools/gpu/probe.ts", name];
  const { output, reason } = await run(process.execPath, args, { timeoutSec: 180, env });
  const line = output.split("\n").findLast((text) => text.startsWith("{"));
  return line ? JSON.parse(line) : { fault: `provider ${name}: ${reason || "ended without a word"}` };
}

async function remove() {
  await attached("tools/native-from-wheel.mjs", "--remove");
  await attached("tools/cuda-from-wheel.mjs", "--remove");
}

async function run(command, args, options) {
  const { runCommand } = await import("./setup/run-command.mjs");
  return runCommand(command, args, { cwd: root, ...options });
}

/** A tool of its own, whose lines are shown; this process ends as it does where it fails. */
async function attached(...args) {
  const { spawnSync } = await import("node:child_process");
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(`native: ${message}`);
  process.exit(1);
}

await main();
