// Debian's packages, where we may: root, with apt-get there.
import { existsSync } from "node:fs";
import { runCommand } from "./run-command.mjs";

const LIMITS = [
  "-o",
  "Acquire::http::Timeout=20",
  "-o",
  "Acquire::https::Timeout=20",
  "-o",
  "Acquire::Retries=1",
];
let listsRead = false;

/** @returns {boolean} whether packages can be installed without asking anybody */
export function mayUseApt() {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/**
 * @param {string[]} packages
 * @param {string} label  for the terminal, while it runs
 * @returns {Promise<{ok: boolean, output: string, reason: string}>}
 */
export async function aptInstall(packages, label) {
  const options = { timeoutSec: 600, env: { DEBIAN_FRONTEND: "noninteractive" }, label };
  if (!listsRead) {
    await runCommand("apt-get", [...LIMITS, "update"], { ...options, timeoutSec: 120 });
    listsRead = true;
  }
  const install = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60"];
  return runCommand("apt-get", [...LIMITS, ...install, ...packages], options);
}
