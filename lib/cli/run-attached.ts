import { spawn } from "node:child_process";

/**
 * Runs a Node script to its end on this terminal; when this process ends, by whatever signal it handles, so does the script.
 * QDRL_PARENT_PID tells it who started it, for the case that this one is killed.
 *
 * @returns its exit code; 1 after a signal
 */
export function runAttached(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: "inherit",
      env: { ...process.env, QDRL_PARENT_PID: String(process.pid) },
    });
    const end = () => child.kill("SIGTERM");
    process.on("exit", end);
    const settle = () => process.off("exit", end);
    child.on("error", (error) => {
      settle();
      reject(error);
    });
    child.on("close", (code) => {
      settle();
      resolve(code ?? 1);
    });
  });
}
