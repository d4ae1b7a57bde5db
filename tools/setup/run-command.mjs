// Child processes of the set-up: each has a time limit, so that no step can hang where there is no network.
import { spawn } from "node:child_process";

/**
 * Runs a command to its end, or kills it with all its children when the time is over.
 * Its output is kept, not shown: callers print the tail when something went wrong.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{timeoutSec: number, env?: Record<string, string>, cwd?: string, label?: string}} options
 *   label: on a terminal, shown with the seconds so far while the command runs
 * @returns {Promise<{ok: boolean, output: string, reason: string}>} never rejects; reason is "" when ok
 */
export function runCommand(command, args, { timeoutSec, env = {}, cwd, label }) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a group of its own, so that the time limit reaches grandchildren too
    });
    let output = "";
    let timedOut = false;
    const collect = (data) => {
      output = (output + data).slice(-20_000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutSec * 1000);
    const stop = () => {
      killGroup(child);
      process.exit(130);
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    const ticker = label && process.stdout.isTTY ? showSeconds(label, started) : null;
    const finish = (ok, reason) => {
      clearTimeout(limit);
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
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

function killGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

function showSeconds(label, started) {
  const draw = () => process.stdout.write(`\r${label} … ${Math.round((Date.now() - started) / 1000)} s`);
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stdout.write("\r\x1b[2K");
  };
}
