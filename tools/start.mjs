#!/usr/bin/env node
// `npm start`: sets up what is missing, then data, training, evaluation, showcase notebook and report in one go.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensure } from "./setup.mjs";

await ensure({ jupyter: true });
const qdrl = path.resolve(fileURLToPath(import.meta.url), "../qdrl.mjs");
const result = spawnSync(process.execPath, [qdrl, "start", ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = result.status ?? 1;
