/**
 * Load on `qdrl serve` over loopback: requests a second, latency of a log line, transfers of 100 MiB with the server's memory.
 *   npx tsx bench/service.ts
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";

const token = "a-token-of-the-benchmark";
const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-bench-service-"));
const headers = { authorization: `token ${token}` };
const server = spawn(
  process.execPath,
  [
    "tools/qdrl.mjs",
    "serve",
    "--root",
    root,
    "--port",
    "0",
    "--workers",
    "0",
    "--rate",
    "1000000",
    "--log",
    "none",
  ],
  { env: { ...process.env, QDRL_TOKEN: token }, stdio: ["ignore", "pipe", "inherit"] },
);
const address = await new Promise<string>((resolve) => {
  server.stdout.on("data", (data) => {
    const [, found] = /listening on (\S+)/.exec(String(data)) ?? [];
    if (found) resolve(found);
  });
});

const megabytes = (kind: "VmRSS" | "VmHWM") =>
  Number(new RegExp(`${kind}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]) /
  1024;
const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** So many requests over ten connections. */
async function load(name: string, url: string, count: number, body?: string): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const began = performance.now();
      const request = http.request(
        address + url,
        {
          agent,
          headers: { ...headers, ...(body && { "content-type": "application/json" }) },
          method: body ? "POST" : "GET",
        },
        (answer) => {
          answer.resume();
          if (answer.statusCode! >= 400) reject(new Error(`${url}: ${answer.statusCode}`));
          answer.on("end", () => resolve(performance.now() - began));
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  for (let i = 0; i < 50; i++) await ask();
  const times: number[] = [];
  const began = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      while (left-- > 0) times.push(await ask());
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  console.log(
    `| ${name} | ${Math.round(count / seconds)}/s, p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms |`,
  );
  agent.destroy();
}

const run = path.join(root, "bench", "run-000");
const manifest = { runFormat: 1, status: "running", startedAt: new Date().toISOString(), endedAt: null };
for (let i = 0; i < 100; i++) {
  const dir = path.join(root, "bench", `run-${String(i).padStart(3, "0")}`);
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, "manifest.json"), JSON.stringify(manifest));
}
console.log(
  `| Node ${process.versions.node}, ${os.cpus().length} cores, load ${os.loadavg()[0]!.toFixed(1)} | |\n|---|---|`,
);
await load("health", "/healthz", 5000);
await load("state of a run", "/api/v1/experiments/bench/runs/run-007/status", 3000);
await load("page of 50 of 100 runs", "/api/v1/runs?size=50", 200);

// a line written until it is read
const log = path.join(run, "log.jsonl");
fs.writeFileSync(log, "");
const stream = await fetch(`${address}/api/v1/experiments/bench/runs/run-000/logstream?format=jsonl`, {
  headers,
});
const reader = stream.body!.getReader();
const latencies: number[] = [];
let text = "";
for (let i = 0; i < 100; i++) {
  const began = performance.now();
  fs.appendFileSync(log, `${JSON.stringify({ message: `line ${i}` })}\n`);
  while (!text.includes(`"line ${i}"`)) text += new TextDecoder().decode((await reader.read()).value);
  latencies.push(performance.now() - began);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await reader.cancel();
latencies.sort((a, b) => a - b);
console.log(
  `| log line, written to read, 100 in order | p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms |`,
);

const bytes = Buffer.alloc(100 * 2 ** 20, "qdrl");
const sha256 = createHash("sha256").update(bytes).digest("hex");
const artifact = `${address}/api/v1/experiments/bench/runs/run-001/artifacts/large`;
const before = megabytes("VmRSS");
let began = performance.now();
const put = await fetch(`${artifact}?sha256=${sha256}`, {
  method: "PUT",
  body: bytes,
  headers: { ...headers, "content-type": "application/octet-stream" },
});
if (!put.ok) throw new Error(`upload: ${put.status}`);
const up = 100 / ((performance.now() - began) / 1000);
began = performance.now();
const back = Buffer.from(await (await fetch(artifact, { headers })).arrayBuffer());
const down = 100 / ((performance.now() - began) / 1000);
if (createHash("sha256").update(back).digest("hex") !== sha256) throw new Error("download: other bytes");
console.log(`| 100 MiB up, with SHA-256 / down | ${up.toFixed(0)} / ${down.toFixed(0)} MiB/s |`);
console.log(
  `| server's memory before / at most | ${before.toFixed(0)} / ${megabytes("VmHWM").toFixed(0)} MiB |`,
);
server.kill("SIGTERM");
await new Promise((resolve) => server.on("exit", resolve));
fs.rmSync(root, { recursive: true });
