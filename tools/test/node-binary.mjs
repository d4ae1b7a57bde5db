// Node of other versions than the one that runs: npm packages that hold nothing but the binary, fetched when asked for.
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { runCommand, tail } from "../setup/run-command.mjs";

/** The long-term releases that are supported: major version → the one that is tested. */
export const TESTED_NODES = { 20: "20.20.2", 22: "22.23.5", 24: "24.22.3" };

/**
 * The folder that holds `node` of a major version: the one that runs if it is of that version, else below .cache/node.
 *
 * @param {string} root
 * @param {number} major
 * @returns {Promise<string>}
 * @throws {Error} one line: an unknown version, or why the package cannot be had
 */
export async function nodeFolder(root, major) {
  const version = /** @type {Record<number, string>} */ (TESTED_NODES)[major];
  if (version === undefined)
    throw new Error(`node: must be one of ${Object.keys(TESTED_NODES).join(", ")}, got ${major}`);
  if (Number.parseInt(process.versions.node, 10) === major) return path.dirname(process.execPath);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const prefix = path.join(root, ".cache/node", version);
  const folder = path.join(prefix, "node_modules", name, "bin");
  if (existsSync(folder)) return folder;
  mkdirSync(prefix, { recursive: true });
  const flags = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const label = `Node ${version}: npm install ${name}`;
  const result = await runCommand("npm", ["install", "--prefix", prefix, ...flags, `${name}@${version}`], {
    timeoutSec: 300,
    cwd: prefix,
    label,
  });
  if (!result.ok || !existsSync(folder))
    throw new Error(`${label} failed (${result.reason || "no binary in it"})\n${tail(result.output, 3)}`);
  return folder;
}

/** The environment in which `node`, npm and Jupyter's kernels are of the Node in `folder`. */
export function withNode(folder) {
  return { ...process.env, PATH: `${folder}${path.delimiter}${process.env.PATH}` };
}
