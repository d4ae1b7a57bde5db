#!/usr/bin/env node
// `npm start`: sets up what is missing, then data, training, evaluation, showcase notebook and report in one go.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runAttached } from "./run-attached.mjs";
import { ensure } from "./setup.mjs";

await ensure({ jupyter: true });
const qdrl = path.resolve(fileURLToPath(import.meta.url), "../qdrl.mjs");
process.exitCode = await runAttached(process.execPath, [qdrl, "start", ...process.argv.slice(2)]);
