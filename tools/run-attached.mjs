// A child that shares this process' terminal and its end.
import { spawn } from "node:child_process";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Runs a command to its end on this terminal. SIGTERM and SIGHUP are passed on (a terminal sends SIGINT to both itself);
 * when this process ends, so does the child. It learns who started it by QDRL_PARENT_PID, for the case that this one is
 * killed.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: Record<string, string | undefined>}} [options]
 * @returns {Promise<number>} its exit code, that of a shell after a signal
 */
export function runAttached(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: "inherit",
      env: { ...env, QDRL_PARENT_PID: String(process.pid) },
    });
    const pass = (signal) => child.kill(signal);
    const wait = () => {}; // the child has it too, and this process waits for its end
    const end = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass).on("SIGHUP", pass).on("SIGINT", wait).on("exit", end);
    const settle = () =>
      process.off("SIGTERM", pass).off("SIGHUP", pass).off("SIGINT", wait).off("exit", end);
    child.on("error", (error) => {
      settle();
      reject(error);
    });
    child.on("close", (code, signal) => {
      settle();
      resolve(code ?? SIGNALS[signal] ?? 1);
    });
  });
}

/** Ends this process once the one that started it by runAttached is gone. */
export function endWithStarter() {
  const parent = process.ppid;
  if (process.env.QDRL_PARENT_PID !== String(parent)) return;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 500).unref();
}
