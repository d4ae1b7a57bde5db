#!/usr/bin/env node
// The command line: lib/cli/main.ts, run from TypeScript. Works from any folder inside the workspace.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { nodeVersionProblem } from "./setup/node-version.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const problem =
  nodeVersionProblem(process.versions.node) ??
  (existsSync(path.join(root, "node_modules/tsx"))
    ? null
    : "qdrl: npm packages are missing; run: npm run setup");
if (problem) {
  console.error(problem);
  process.exit(1);
}
process.chdir(root); // paths, in lib and in arguments, are relative to the root
const { register } = await import("tsx/esm/api");
register();
const { main } = await import(pathToFileURL(path.join(root, "lib/cli/main.ts")).href);
process.exitCode = await main(process.argv.slice(2));
