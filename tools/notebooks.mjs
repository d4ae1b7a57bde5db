#!/usr/bin/env node
// Executes notebooks headless with whatever Jupyter the set-up found: node tools/notebooks.mjs [tools/notebooks.py's options]
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const { jupyter } = await ensure({ jupyter: true });
if (!jupyter) process.exit(1);
const args = [path.join(root, "tools/notebooks.py"), ...process.argv.slice(2)];
const { status } = spawnSync(jupyter.python, args, { stdio: "inherit", cwd: root });
process.exitCode = status ?? 1;
