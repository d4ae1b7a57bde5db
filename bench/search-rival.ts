import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { median } from "./measure.js";

/** Packages that bench/search_server.py compares with, in an environment of their own. */
const packages = ["faiss-cpu==1.15.1", "bm25s==0.3.16", "numba==0.68.1", "numpy==2.4.6"];
const environment = ".cache/bench-search";

export interface Speed {
  /** queries per second of wall time, of CPU time (all threads), and of the fastest batch */
  wall: number;
  cpu: number;
  best: number;
}

/** FAISS and bm25s in a Python process that answers one command at a time. */
export class Rival {
  private readonly answers: AsyncIterator<string>;

  private constructor(private readonly process: ChildProcess) {
    this.answers = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
  }

  /** Makes the environment if it is missing. @returns null, with the reason printed, where it cannot be had */
  static async start(): Promise<Rival | null> {
    const python = path.join(environment, "bin/python");
    try {
      if (!existsSync(python)) execFileSync("python3", ["-m", "venv", environment], { stdio: "pipe" });
      const pip = [
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--timeout",
        "10",
        "--retries",
        "1",
      ];
      execFileSync(python, [...pip, ...packages], { stdio: "pipe", timeout: 600_000 });
    } catch (error) {
      const { stderr } = error as { stderr?: Buffer };
      const reason = stderr?.toString().trim().split("\n").at(-1) || String(error);
      console.log(`FAISS and bm25s are left out: ${packages.join(", ")} could not be installed (${reason})`);
      return null;
    }
    const rival = new Rival(
      spawn(python, ["bench/search_server.py"], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    console.log("compared with", JSON.stringify(await rival.ask({ op: "versions" })));
    return rival;
  }

  async ask<T = Speed>(command: Record<string, unknown>): Promise<T> {
    this.process.stdin!.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error("search_server.py ended");
    const answer = JSON.parse(value) as T & { error?: string };
    if (answer.error) throw new Error(`search_server.py: ${answer.error}`);
    return answer;
  }

  stop(): void {
    this.process.stdin!.end();
  }
}

/** Our side of the same measurement: batches in turn for about `seconds`. */
export async function measureSpeed(
  run: (from: number, count: number) => Promise<unknown> | unknown,
  queryCount: number,
  batch: number,
  seconds: number,
): Promise<Speed> {
  await run(0, batch);
  const start = performance.now();
  const cpu = process.cpuUsage();
  let done = 0;
  let best = 0;
  for (let at = 0; performance.now() - start < seconds * 1000; at += batch) {
    if (at + batch > queryCount) at = 0;
    const t = performance.now();
    await run(at, batch);
    best = Math.max(best, (batch / (performance.now() - t)) * 1000);
    done += batch;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { wall: (done / (performance.now() - start)) * 1000, cpu: (done / (user + system)) * 1e6, best };
}

/** Runs both sides in turn, so many rounds, and prints medians and their ratios. */
export async function compareSpeeds(
  rounds: number,
  label: string,
  own: () => Promise<Speed>,
  others: { name: string; run: () => Promise<Speed> }[],
): Promise<void> {
  const results: Speed[][] = [[], ...others.map(() => [])];
  for (let round = 0; round < rounds; round++) {
    results[0]!.push(await own());
    for (const [i, other] of others.entries()) results[i + 1]!.push(await other.run());
  }
  const middle = results.map((runs) => ({
    wall: median(runs.map((r) => r.wall)),
    cpu: median(runs.map((r) => r.cpu)),
    best: Math.max(...runs.map((r) => r.best)),
  }));
  const ours = middle[0]!;
  const cells = others.map(({ name }, i) => {
    const theirs = middle[i + 1]!;
    const ratio = (kind: keyof Speed) => (ours[kind] / theirs[kind]).toFixed(2);
    return `${name} ${theirs.wall.toFixed(0)} → ${ratio("wall")} × (CPU ${ratio("cpu")} ×, fastest ${ratio("best")} ×)`;
  });
  console.log(`${label}: ${ours.wall.toFixed(0)} queries/s; ${cells.join("; ")}`);
}
