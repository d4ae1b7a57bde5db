// A map of clustered points × 128 beside umap-learn's, seeded: seconds and trustworthiness.
//   npx tsx bench/map.ts [points ...]        default: 10000 50000
//   npx tsx bench/map.ts --threads 1 10000   neighbours on one thread; the checksum of the map stays
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { trustworthiness } from "../lib/analysis/maps/trustworthiness.js";
import { projectEmbeddings } from "../lib/analysis/maps/umap.js";
import { Random } from "../lib/engine/random/random.js";
import { normalizedRows } from "../lib/retrieval/indexes/unit-rows.js";

const DIM = 128;
const NEIGHBOURS = 15;
const environment = ".cache/bench-map";
const packages = ["umap-learn==0.5.12"];

const { values, positionals } = parseArgs({
  options: { threads: { type: "string" } },
  allowPositionals: true,
});
const sizes = positionals.length === 0 ? [10_000, 50_000] : positionals.map(Number);
const python = rivalPython();
for (const n of sizes) await measure(n);

/** Unit rows around 200 directions, each direction of another spread. */
function clusteredPoints(n: number): Float32Array {
  const random = new Random(3);
  const centers = Float32Array.from({ length: 200 * DIM }, () => random.normal());
  const points = new Float32Array(n * DIM);
  for (let i = 0; i < n; i++) {
    const center = Math.floor(random.next() * 200);
    const spread = 0.3 + (0.7 * center) / 200;
    for (let d = 0; d < DIM; d++) points[i * DIM + d] = centers[center * DIM + d]! + spread * random.normal();
  }
  return normalizedRows(points, DIM);
}

async function measure(n: number): Promise<void> {
  const points = clusteredPoints(n);
  const random = new Random(7);
  const rows = Int32Array.from({ length: Math.min(n, 1000) }, () => Math.floor(random.next() * n));
  const trust = (map: Float32Array) => trustworthiness(points, DIM, map, NEIGHBOURS - 1, rows).toFixed(4);
  const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const { coordinates } = await projectEmbeddings(points, DIM, { random: new Random(1), ...threads });
  const used = process.cpuUsage(cpu);
  const sum = createHash("sha256").update(new Uint8Array(coordinates.buffer)).digest("hex").slice(0, 12);
  report(n, "qdrl", (performance.now() - start) / 1000, (used.user + used.system) / 1e6, trust(coordinates));
  console.log(`  checksum ${sum}`);
  if (python === null) return;
  const work = mkdtempSync(path.join(os.tmpdir(), "qdrl-map-"));
  try {
    writeFileSync(path.join(work, "points"), points);
    const told = execFileSync(python, ["bench/map_umap.py", work, String(DIM), String(NEIGHBOURS)], {
      encoding: "utf8",
    });
    const { seconds, cpuSeconds } = JSON.parse(told) as { seconds: number; cpuSeconds: number };
    const bytes = readFileSync(path.join(work, "map"));
    report(n, "umap-learn", seconds, cpuSeconds, trust(new Float32Array(new Uint8Array(bytes).buffer)));
  } finally {
    rmSync(work, { recursive: true });
  }
}

function report(n: number, name: string, seconds: number, cpuSeconds: number, trust: string): void {
  const told = `${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU, trustworthiness ${trust}`;
  console.log(`${n} points, ${name}: ${told}; load ${os.loadavg()[0]!.toFixed(0)}`);
}

/** The interpreter of an environment with umap-learn, made if it is missing; null, with the reason printed, where it cannot be had. */
function rivalPython(): string | null {
  const interpreter = path.join(environment, "bin/python");
  try {
    if (!existsSync(interpreter)) execFileSync("python3", ["-m", "venv", environment], { stdio: "pipe" });
    execFileSync(interpreter, ["-m", "pip", "install", "-q", ...packages], { stdio: "pipe" });
    return interpreter;
  } catch (error) {
    console.log(`umap-learn is left out: ${String(error).split("\n")[0]}`);
    return null;
  }
}
