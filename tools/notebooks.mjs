#!/usr/bin/env node
// Executes notebooks headless with whatever Jupyter the set-up found: node tools/notebooks.mjs [tools/notebooks.py's options]
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endWithStarter, runAttached } from "./run-attached.mjs";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
endWithStarter();
const { jupyter } = await ensure({ jupyter: true });
if (!jupyter) process.exit(1);
const args = [path.join(root, "tools/notebooks.py"), ...process.argv.slice(2)];
process.exitCode = await runAttached(jupyter.python, args, { cwd: root });
