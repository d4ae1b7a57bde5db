#!/usr/bin/env node
// `npm test`: set-up, static checks, unit tests, every notebook on small parameters. The last line is
// "N passed, N failed": unit tests and notebooks; a static check that fails counts as one failure.
//   npm test [-- --unit | --notebooks] [--only PATTERN] [--node 20 | 22 | 24]
//     PATTERN: part of a test file's or notebook's path; --node: under that Node, fetched from npm when it is not there
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import util from "node:util";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");

/** @param {string[]} args */
export function readOptions(args) {
  const { values } = util.parseArgs({
    args,
    options: {
      unit: { type: "boolean" },
      notebooks: { type: "boolean" },
      only: { type: "string" },
      node: { type: "string" },
    },
  });
  const all = !values.unit && !values.notebooks;
  return {
    checks: all && values.only === undefined,
    unit: all || values.unit === true,
    notebooks: all || values.notebooks === true,
    only: values.only ?? null,
    node: values.node === undefined ? null : Number(values.node),
  };
}

async function main() {
  const started = Date.now();
  const options = readOptions(process.argv.slice(2));
  if (options.node !== null && Number.parseInt(process.versions.node, 10) !== options.node)
    return runUnder(options.node);
  const { jupyter } = await ensure({ jupyter: true, chromium: options.unit });
  process.chdir(root);
  const { staticChecks, unitTests, notebookRun } = await import("./test/steps.mjs");
  const { runScheduled } = await import("./test/scheduler.mjs");
  const { addUp } = await import("./test/count.mjs");
  const { committedNotebooks } = await import("./nb-clean.mjs");

  const chosen = committedNotebooks(root).filter(
    (file) => options.only === null || file.includes(options.only),
  );
  const tasks = [
    ...(options.unit ? [unitTests(root, options.only, showLine)] : []),
    ...(options.checks ? staticChecks(root) : []),
    ...(options.notebooks ? chosen.map((file) => notebookRun(root, file, jupyter)) : []),
  ];
  const printing = tasks.map((task) => ({ ...task, run: async () => printResult(await task.run()) }));
  // unit tests keep two cores busy, but not all the time: one more task beside them
  const results = await runScheduled(printing, 3);
  for (const { slowest } of results) if (slowest?.length) console.log(["", ...slowest, ""].join("\n"));
  const failing = results.filter((result) => !result.ok);
  if (failing.length > 0) console.log(`\nfailed: ${failing.map((result) => result.name).join("; ")}`);
  const { passed, failed } = addUp(results);
  console.log(`${((Date.now() - started) / 1000).toFixed(0)} s in all`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Runs this very command under another Node, which npm, notebooks and child processes then find first on PATH. */
async function runUnder(major) {
  const { nodeFolder, withNode } = await import("./test/node-binary.mjs");
  const folder = await nodeFolder(root, major);
  const node = path.join(folder, "node");
  const { status } = spawnSync(node, process.argv.slice(1), { stdio: "inherit", env: withNode(folder) });
  process.exitCode = status ?? 1;
}

/** vitest's own lines, but for the empty ones and the report's path. */
function showLine(line) {
  if (line.trim() !== "" && !line.startsWith("JSON report written")) console.log(`  │ ${line}`);
}

function printResult(result) {
  console.log(`${result.ok ? "ok  " : "FAIL"} ${result.name}  ${result.seconds.toFixed(1)} s`);
  if (!result.ok && result.detail) console.log(result.detail.replace(/^/gm, "     "));
  return result;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    const plain = error.code?.startsWith("ERR_PARSE_ARGS") || error.message?.startsWith("node: ");
    console.error(plain ? `test: ${error.message}` : error);
    process.exit(1);
  });
}
