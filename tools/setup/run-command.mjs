// Child processes of the set-up: each has a time limit, so that no step can hang where there is no network.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const running = new Set();

/**
 * Runs a command to its end, or kills it with all its children when the time is over.
 * Its output is kept, not shown: callers print the tail when something went wrong.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{timeoutSec: number, env?: Record<string, string>, cwd?: string, label?: string,
 *   onLine?: (line: string) => void}} options  label: on a terminal, shown with the seconds so far while the
 *   command runs; onLine: gets each line of output as it comes
 * @returns {Promise<{ok: boolean, output: string, reason: string}>} never rejects; reason is "" when ok
 */
export function runCommand(command, args, { timeoutSec, env = {}, cwd, label, onLine }) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env, QDRL_PARENT_PID: String(process.pid) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a group of its own, so that the time limit reaches grandchildren too
    });
    let output = "";
    let timedOut = false;
    const collect = (data) => {
      output = (output + data).slice(-20_000);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", collect);
      if (onLine) createInterface({ input: stream }).on("line", onLine);
    }
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutSec * 1000);
    watch(child);
    const ticker = label && process.stdout.isTTY ? showSeconds(label, started) : null;
    const finish = (ok, reason) => {
      clearTimeout(limit);
      unwatch(child);
      ticker?.();
      resolve({ ok, output: output.trim(), reason });
    };
    child.on("error", (error) => finish(false, error.code === "ENOENT" ? "not found" : error.message));
    child.on("close", (code, signal) => {
      if (timedOut) finish(false, `no end after ${timeoutSec} s`);
      else finish(code === 0, code === 0 ? "" : `exit code ${code ?? signal}`);
    });
  });
}

/** The last lines of a command's output, indented, for a message. */
export function tail(output, lines = 6) {
  return output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-lines)
    .map((line) => `    ${line}`)
    .join("\n");
}

/** While children run, the end of this process ends them too: they are in groups of their own. */
function watch(child) {
  if (running.size === 0) {
    for (const signal of Object.keys(SIGNALS)) process.on(signal, exitBySignal);
    process.on("exit", killAll);
  }
  running.add(child);
}

function unwatch(child) {
  running.delete(child);
  if (running.size > 0) return;
  for (const signal of Object.keys(SIGNALS)) process.off(signal, exitBySignal);
  process.off("exit", killAll);
}

function exitBySignal(signal) {
  process.exit(SIGNALS[signal]);
}

function killAll() {
  for (const child of running) killGroup(child);
}

function killGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

const shown = new Map(); // label → when it began

/** One line on the terminal for all that runs; returns what takes the label off it. */
function showSeconds(label, started) {
  shown.set(label, started);
  drawSeconds();
  const timer = setInterval(drawSeconds, 1000);
  return () => {
    clearInterval(timer);
    shown.delete(label);
    process.stdout.write("\r\x1b[2K");
    drawSeconds();
  };
}

function drawSeconds() {
  const parts = [...shown].map(([label, began]) => `${label} … ${Math.round((Date.now() - began) / 1000)} s`);
  if (parts.length > 0)
    process.stdout.write(`\r\x1b[2K${parts.join("   ")}`.slice(0, process.stdout.columns));
}
