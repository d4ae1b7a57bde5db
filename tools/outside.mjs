#!/usr/bin/env node
// `npm run test:outside`: what is to be checked against other people's packages and servers. Each file of tests/outside
// installs what it needs into places of its own and fails where it cannot be had; the log is reports/OUTSIDE.md.
//   npm run test:outside [-- PATTERN]    PATTERN: part of a test file's path; the log is written for a whole run only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./setup/run-command.mjs";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");

/**
 * @param {{testResults: {assertionResults: {fullName: string, status: string, duration?: number,
 *   meta?: {against?: string}, failureMessages: string[]}[]}[]}} report  vitest's
 * @param {Date} date
 * @returns {string} Markdown
 */
export function outsideLog(report, date) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const rows = tests.map(({ fullName, status, duration = 0, meta, failureMessages }) => {
    const result =
      status === "passed" ? "passed" : `**${status}**: ${failureMessages[0]?.split("\n")[0] ?? ""}`;
    return `| ${[fullName, meta?.against ?? "", `${(duration / 1000).toFixed(1)} s`, result].map(cellText).join(" | ")} |`;
  });
  return `# Checked against other people's packages and servers

\`npm run test:outside\`, ${date.toISOString().slice(0, 16).replace("T", " ")} UTC, Node ${process.versions.node}, ${os.type()} ${os.release()} ${os.arch()}:
${tests.filter((test) => test.status === "passed").length} of ${tests.length} passed. Times include installing where it was needed.

| check | against | time | result |
|---|---|---|---|
${rows.join("\n")}
`;
}

function cellText(text) {
  return text.replaceAll("|", "\\|");
}

async function main() {
  await ensure({});
  process.chdir(root);
  const pattern = process.argv[2];
  const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-outside-"));
  const file = path.join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const args = [
    "run",
    "--config",
    "tools/test/outside.config.mts",
    ...reporters,
    ...(pattern ? [pattern] : []),
  ];
  const result = await runCommand(process.execPath, ["node_modules/vitest/vitest.mjs", ...args], {
    timeoutSec: 3600,
    cwd: root,
    env: { NO_COLOR: "1" },
    onLine: (line) => console.log(line),
  });
  const report = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true, force: true });
  if (pattern === undefined) {
    writeFileSync("reports/OUTSIDE.md", outsideLog(report, new Date()));
    console.log("log: reports/OUTSIDE.md");
  }
  process.exitCode = result.ok ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
