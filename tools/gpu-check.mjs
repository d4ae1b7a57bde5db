#!/usr/bin/env node
// `npm run gpu-check [-- --quick] [--minutes 14] [--ways LIST]`: run once on a machine with a GPU. Which of the ways to it
// work, whether numbers equal the CPU's, pairs a second against the CPU for towers, MiniLM and a CNN, and memory: one table to
// paste. Ends within the minutes given (15 at most) and never fails for what a machine lacks: that is a row.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findVulkan } from "./gpu/vulkan.mjs";
import { runCommand } from "./setup/run-command.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const MODELS = ["towers", "MiniLM", "CNN"];
const WAYS = {
  cpu: "CPU (`engine: auto`)",
  webgpu: "ONNX Runtime, `provider: webgpu`",
  cuda: "ONNX Runtime, `provider: cuda`",
  tensorflow: "`backend: tensorflow`",
};
/** Largest relative difference of four training losses to the CPU's that counts as equal: GPUs multiply in TF32, 10 bits. */
const EQUAL = 5e-3;
/** Seconds that one measurement may take, start and graphs included. */
const LIMIT = 110;

/**
 * @param {{ quick?: boolean, minutes?: number, ways?: string[], say?: (line: string) => void }} options
 *   quick: tiny models, a second each: whether it works, no figures
 * @returns {Promise<string>} the table
 */
export async function gpuCheck({
  quick = false,
  minutes = 14,
  ways = Object.keys(WAYS),
  say = () => {},
} = {}) {
  const deadline = Date.now() + minutes * 60_000;
  const left = () => Math.floor((deadline - Date.now()) / 1000);
  const seconds = quick ? 0.3 : 8;
  const measured = new Map();
  for (const way of new Set(["cpu", ...ways])) {
    const { reason, env, note } = await reasonNot(way, { quick, left });
    const results = {};
    if (reason === null)
      for (const model of MODELS) {
        if (left() < 20) {
          results[model] = { fault: "no time left" };
          continue;
        }
        say(`${way}: ${model} …`);
        results[model] = await measure(way, model, seconds, { quick, env, limit: Math.min(LIMIT, left()) });
        if (results[model].fault) say(`${way}: ${model}: ${results[model].fault}`);
      }
    else say(`${way}: ${reason}`);
    measured.set(way, { reason, note, results });
  }
  return table(measured, quick);
}

/** Why a way cannot be measured here, null if it can, and what its processes need. */
async function reasonNot(way, { quick, left }) {
  const fine = { reason: null, env: {}, note: "" };
  if (way === "cpu") return fine;
  if (way === "tensorflow") {
    const binding = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu/lib");
    const built =
      existsSync(binding) &&
      readdirSync(binding).some((name) => existsSync(path.join(binding, name, "tfjs_binding.node")));
    if (!built) return { ...fine, reason: "not installed: npm run native -- gpu-wheel" };
    const { ok, output } = await child(["tools/native-load.cjs"], {}, Math.min(LIMIT, left()));
    const line = lastLine(output);
    if (!ok) return { ...fine, reason: `does not load: ${line}` };
    if (line.endsWith("on the GPU") || quick)
      return { ...fine, note: line.endsWith("on the GPU") ? "" : "no GPU: on the CPU" };
    return { ...fine, reason: `no GPU: ${line}` };
  }
  const vulkan = way === "webgpu" ? findVulkan() : null;
  if (way === "webgpu" && !vulkan) return { ...fine, reason: "no GPU: no Vulkan driver here" };
  const env = vulkan?.env ?? {};
  const { output } = await child(
    ["--import", "tsx", "tools/gpu/probe.ts", way],
    env,
    Math.min(LIMIT, left()),
  );
  const { fault, step, kernels } = parsed(output);
  if (fault) return { ...fine, reason: `no GPU: ${fault}` };
  if (!vulkan?.software) return { ...fine, env };
  if (quick) return { ...fine, env, note: `no GPU: ${vulkan.name}` };
  const ran = Object.entries(kernels).map(([name, count]) => `${count} kernels by ${name}`);
  return {
    ...fine,
    reason: `no GPU: ${vulkan.name} is right (gradients to ${step.toExponential(0)}, ${ran.join(", ")}), not timed`,
  };
}

async function measure(way, model, seconds, { quick, env, limit }) {
  const watch = watchGpuMemory();
  const args = [
    "--import",
    "tsx",
    "tools/gpu/measure.ts",
    way,
    model,
    String(seconds),
    ...(quick ? ["quick"] : []),
  ];
  const { ok, output, reason } = await child(args, env, limit);
  const gpuMb = watch();
  const result = parsed(output);
  if (result.losses) return { ...result, gpuMb };
  return { fault: ok || result.said ? result.fault : reason };
}

function child(args, env, timeoutSec) {
  return runCommand(process.execPath, args, {
    timeoutSec: Math.max(1, timeoutSec),
    cwd: root,
    env: { TF_CPP_MIN_LOG_LEVEL: "3", ...env },
  });
}

function lastLine(output) {
  return output.split("\n").at(-1) ?? "";
}

/** The line of JSON among what libraries print. */
function parsed(output) {
  const line = output.split("\n").findLast((text) => text.startsWith("{"));
  try {
    return { said: true, ...JSON.parse(line) };
  } catch {
    return { fault: lastLine(output) || "ended without a word" };
  }
}

function nvidia(query) {
  try {
    return execFileSync("nvidia-smi", [`--query-${query}`, "--format=csv,noheader,nounits"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 10_000,
    }).trim();
  } catch {
    return null;
  }
}

/** Largest use of the first GPU's memory from now on beyond what is used now; the function returned ends the watch. */
function watchGpuMemory() {
  const used = () => Number(nvidia("gpu=memory.used")?.split("\n")[0] ?? Number.NaN);
  const before = used();
  if (Number.isNaN(before)) return () => null;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, used());
  }, 2000);
  return () => {
    clearInterval(timer);
    return most - before;
  };
}

function table(measured, quick) {
  const gpu = nvidia("gpu=name,driver_version,memory.total")?.split("\n")[0] ?? "no GPU";
  const cpu = `${os.cpus()[0]?.model.trim() ?? "CPU"}, ${os.availableParallelism()} cores`;
  const lines = [
    `${gpu}; ${cpu}; Node ${process.versions.node}; pairs a second, in brackets against the CPU${quick ? "; quick: tiny models, speeds mean nothing" : ""}`,
    "",
    `| way | works | losses against CPU | ${MODELS.join(" | ")} | memory, host (GPU) |`,
    `|---|---|---|${MODELS.map(() => "---").join("|")}|---|`,
  ];
  const base = measured.get("cpu").results;
  for (const [way, { reason, note, results }] of measured) {
    if (reason !== null) {
      lines.push(`| ${WAYS[way]} | ${cell(reason)} | – | ${MODELS.map(() => "–").join(" | ")} | – |`);
      continue;
    }
    const faults = MODELS.filter((model) => results[model].fault);
    const works = [faults.length === 0 ? "yes" : `${MODELS.length - faults.length} of ${MODELS.length}`, note]
      .filter(Boolean)
      .join(", ");
    const speeds = MODELS.map((model) => speed(results[model], base[model], way));
    lines.push(
      `| ${WAYS[way]} | ${works} | ${way === "cpu" ? "–" : equality(results, base)} | ${speeds.join(" | ")} | ${memory(results)} |`,
    );
  }
  return lines.join("\n");
}

function speed({ fault, pairsPerSecond }, base, way) {
  if (fault) return cell(fault);
  const shown =
    pairsPerSecond < 100 ? pairsPerSecond.toFixed(1) : Math.round(pairsPerSecond).toLocaleString("en");
  return way === "cpu" || base.fault
    ? shown
    : `${shown} (${(pairsPerSecond / base.pairsPerSecond).toFixed(2)} ×)`;
}

function equality(results, base) {
  const apart = MODELS.filter((model) => !results[model].fault && !base[model].fault).map((model) =>
    Math.max(...results[model].losses.map((loss, i) => Math.abs(loss / base[model].losses[i] - 1))),
  );
  if (apart.length === 0) return "–";
  const most = Math.max(...apart);
  return `${most <= EQUAL ? "equal" : "**different**"} (${most.toExponential(1)})`;
}

function memory(results) {
  const done = MODELS.map((model) => results[model]).filter(({ fault }) => !fault);
  if (done.length === 0) return "–";
  const host = Math.max(...done.map(({ hostMb }) => hostMb));
  const gpu = Math.max(...done.map(({ gpuMb }) => gpuMb ?? -1));
  return `${(host / 1024).toFixed(1)} GB${gpu < 0 ? "" : ` (${(gpu / 1024).toFixed(1)} GB)`}`;
}

/** One line that does not break the table. */
function cell(text) {
  const line = text.split("\n")[0].replaceAll("|", "/");
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}

const USAGE = `usage: npm run gpu-check [-- --quick] [--minutes 1 to 15] [--ways ${Object.keys(WAYS).join(",")}]`;

/** @throws {Error} naming the argument that is not known or out of range */
export function optionsOf(args) {
  const options = {};
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--quick") options.quick = true;
    else if (args[i] === "--minutes") {
      options.minutes = Number(args[++i]);
      if (!(options.minutes >= 1 && options.minutes <= 15))
        throw new Error(`--minutes must be from 1 to 15, got ${args[i] ?? "nothing"}; ${USAGE}`);
    } else if (args[i] === "--ways") {
      options.ways = (args[++i] ?? "").split(",");
      const unknown = options.ways.find((way) => !(way in WAYS));
      if (unknown !== undefined)
        throw new Error(`--ways must be of ${Object.keys(WAYS).join(", ")}, got "${unknown}"; ${USAGE}`);
    } else throw new Error(`unknown argument "${args[i]}"; ${USAGE}`);
  }
  return options;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const options = optionsOf(process.argv.slice(2));
    console.log(`\n${await gpuCheck({ ...options, say: (line) => console.error(`gpu-check: ${line}`) })}`);
  } catch (error) {
    console.error(`gpu-check: ${error.message}`);
    process.exitCode = 1;
  }
}
