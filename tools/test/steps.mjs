// The steps of `npm test`. Each returns {name, kind, ok, seconds, detail} and prints nothing itself.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runCommand } from "../setup/run-command.mjs";
import { countUnitTests } from "./count.mjs";
import { overBudget, slowestFiles } from "./cpu-budget.mjs";

const NODE = process.execPath;

/**
 * Static checks: a name and the command.
 *
 * @param {string} root
 */
export function staticChecks(root) {
  const inModules = (file) => path.join(root, "node_modules", file);
  return [
    ["types (tsc, strict; notebooks too)", ["tools/typecheck.mjs"]],
    [
      "types (TypeScript 5.0 of the notebooks, over lib)",
      [inModules("@tslab/typescript-for-tslab/lib/tsc.js"), "-p", "tsconfig.cells.json"],
    ],
    [
      "lint and format (biome)",
      [inModules("@biomejs/biome/bin/biome"), "ci", "--colors=off", "--max-diagnostics=20", "."],
    ],
    ["import directions", ["tools/check-imports.mjs"]],
    ["no users' keys in plain objects", ["tools/check-dictionaries.mjs"]],
    ["generated documentation is up to date", ["tools/docs.mjs", "--check"]],
    ["notebooks committed without outputs", ["tools/nb-clean.mjs", "--check"]],
  ].map(([name, args]) => ({ name, weight: 1, run: () => runCheck(root, name, args) }));
}

async function runCheck(root, name, args) {
  const started = Date.now();
  const result = await runCommand(NODE, args, { timeoutSec: 300, cwd: root });
  return {
    name,
    kind: "check",
    ok: result.ok,
    seconds: since(started),
    detail: result.output || result.reason,
  };
}

/**
 * The unit tests, by vitest.
 *
 * @param {string} root
 * @param {string | null} pattern  only test files whose path contains it
 * @param {(line: string) => void} onLine  gets vitest's lines as they come
 */
export function unitTests(root, pattern, onLine) {
  const name = "unit tests";
  const run = async () => {
    const started = Date.now();
    const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-test-"));
    const report = path.join(folder, "report.json");
    const cpuFile = path.join(folder, "cpu.json");
    const args = ["run", "--reporter=default", "--reporter=./tools/test/cpu-reporter.mjs"];
    args.push("--reporter=json", `--outputFile.json=${report}`);
    const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
    const result = await runCommand(NODE, [vitest, ...args, ...(pattern ? [pattern] : [])], {
      timeoutSec: 2700,
      cwd: root,
      env: { QDRL_CPU_FILE: cpuFile, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }) },
      onLine,
    });
    const counts = countUnitTests(readIfThere(report), result.ok);
    const cpu = JSON.parse(readIfThere(cpuFile) ?? "{}");
    const total = Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0);
    // files that others are measured with share loading; alone, each would bear it
    const over = pattern === null ? overBudget(cpu) : [];
    rmSync(folder, { recursive: true, force: true });
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    const detail = [result.ok ? "" : result.reason, ...over].filter((line) => line !== "").join("\n");
    const tally = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
    const slowest = slowestFiles(cpu, 20);
    return {
      name: `unit tests: ${tally}`,
      kind: "unit",
      ok: counts.failed === 0 && over.length === 0,
      ...counts,
      failed: counts.failed + over.length,
      slowest: [`${total.toFixed(0)} CPU seconds in test files; the slowest:`, ...slowest],
      seconds: since(started),
      detail,
    };
  };
  return { name, weight: 2, run };
}

/**
 * One notebook on its small parameters.
 *
 * @param {string} root
 * @param {string} file
 * @param {{python: string} | null} jupyter  null: cannot be run, which is a failure
 */
export function notebookRun(root, file, jupyter) {
  const name = path.relative(root, file);
  const run = async () => {
    const started = Date.now();
    if (jupyter === null) {
      return {
        name,
        kind: "notebook",
        ok: false,
        seconds: 0,
        detail: "Jupyter is not available; run: npm run setup",
      };
    }
    const args = ["tools/notebooks.py", "--small", "--jobs", "1", file];
    const result = await runCommand(jupyter.python, args, { timeoutSec: 900, cwd: root });
    return {
      name,
      kind: "notebook",
      ok: result.ok,
      seconds: since(started),
      detail: result.output || result.reason,
    };
  };
  return { name, weight: 1, run };
}

function since(started) {
  return (Date.now() - started) / 1000;
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
