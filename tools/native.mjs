#!/usr/bin/env node
// `npm run native [-- cpu|gpu]`: fetches TensorFlow's native library for @tensorflow/tfjs-node-gpu (it comes
// without, as no install script runs here) and checks that it loads. Everything works without it, on wasm.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const MIRRORS =
  "to use a mirror, set TFJS_NODE_CDN_STORAGE or TFJS_NODE_BASE_URI; to build it from PyPI's wheel: node tools/native-from-wheel.mjs";

async function main() {
  const kind = process.argv[2] ?? "gpu";
  if (kind !== "gpu" && kind !== "cpu") fail(`must be "gpu" or "cpu", got "${kind}"`);
  await ensure({});
  const { runCommand, tail } = await import("./setup/run-command.mjs");
  const folder = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu");
  if (!existsSync(folder)) fail("@tensorflow/tfjs-node-gpu is not installed; run: npm ci --ignore-scripts");

  const load = () => runCommand(process.execPath, ["-e", LOAD], { timeoutSec: 60, cwd: root });
  let loaded = await load();
  if (!loaded.ok) {
    console.log(`native: fetching libtensorflow (${kind}), some hundred megabytes …`);
    const install = [path.join(folder, "scripts/install.js"), kind, "download"];
    const path_ = `${path.join(root, "node_modules/.bin")}${path.delimiter}${process.env.PATH}`;
    const options = { timeoutSec: 1200, cwd: folder, env: { PATH: path_ }, label: "native: fetching" };
    const fetched = await runCommand(process.execPath, install, options);
    loaded = await load();
    if (!loaded.ok) {
      const [why, output] = fetched.ok
        ? ["it does not load", loaded.output]
        : [fetched.reason, fetched.output];
      fail(`not installed (${why}); wasm stays the backend; ${MIRRORS}\n${tail(output, 4)}`);
    }
  }
  console.log(`native: ${loaded.output.split("\n").at(-1)}`);
}

const LOAD =
  'const tf = require("@tensorflow/tfjs-node-gpu");' +
  'tf.ready().then(() => console.log("TensorFlow " + tf.version["tfjs-node"] + " loads, backend " + tf.getBackend()));';

function fail(message) {
  console.error(`native: ${message}`);
  process.exit(1);
}

await main();
