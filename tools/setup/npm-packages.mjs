// npm packages: `npm ci --ignore-scripts` when what is installed is not what package-lock.json asks for.
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runCommand, tail } from "./run-command.mjs";

/**
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} false when the packages cannot be had; why has been printed
 */
export async function ensurePackages(root, say) {
  const lockText = readFileSync(path.join(root, "package-lock.json"), "utf8");
  const stampPath = path.join(root, "node_modules/.qdrl-lock");
  const hash = createHash("sha256").update(lockText).digest("hex");
  if (readIfThere(stampPath) === hash) return true;
  const hidden = readIfThere(path.join(root, "node_modules/.package-lock.json"));
  if (hidden !== null && lockMismatch(JSON.parse(lockText), JSON.parse(hidden)) === null) {
    writeFileSync(stampPath, hash); // installed by hand: fine as it is
    return true;
  }
  const folder = path.join(root, "node_modules");
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // npm ci would empty the folder behind the link, which another workspace may be using
    say("npm packages: node_modules is a link to packages that differ from package-lock.json; left as it is");
    return true;
  }
  const label = "npm packages: npm ci --ignore-scripts";
  const started = Date.now();
  say(`${label} (from package-lock.json; no install script runs)`);
  // npm says which program it is when it runs us; otherwise the one on PATH
  const npm = process.env.npm_execpath?.endsWith(".js")
    ? [process.execPath, process.env.npm_execpath]
    : ["npm"];
  const args = [
    ...npm.slice(1),
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-timeout=30000",
    "--fetch-retries=2",
  ];
  const result = await runCommand(npm[0], args, { timeoutSec: 600, cwd: root, label });
  if (!result.ok) {
    console.error(`npm packages: npm ci failed (${result.reason})\n${tail(result.output)}`);
    console.error("  Without them nothing runs. When the network is back: npm ci --ignore-scripts");
    return false;
  }
  writeFileSync(stampPath, hash);
  say(`npm packages: installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return true;
}

/**
 * Compares package-lock.json with the list npm keeps of what it installed (node_modules/.package-lock.json).
 * An optional package may be absent: it is for another platform.
 *
 * @param {{packages: Record<string, {version?: string, integrity?: string, optional?: boolean}>}} lock
 * @param {{packages: Record<string, {version?: string, integrity?: string}>}} installed
 * @returns {string | null} the first difference in words, or null when they agree
 */
export function lockMismatch(lock, installed) {
  for (const [place, wanted] of Object.entries(lock.packages)) {
    if (place === "") continue;
    const got = installed.packages[place];
    if (got === undefined) {
      if (wanted.optional) continue;
      return `${place} is not installed`;
    }
    if (got.version !== wanted.version || got.integrity !== wanted.integrity) {
      return `${place} should be ${wanted.version}, got ${got.version}`;
    }
  }
  for (const place of Object.keys(installed.packages)) {
    if (lock.packages[place] === undefined) return `${place} is installed but not asked for`;
  }
  return null;
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}
