import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, type RemoteRun } from "../../lib/client/client.js";
import { FolderObjects } from "../../lib/files/objects/folder-objects.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { tinyDataset } from "../support/tiny-dataset.js";
import { freePort } from "./stores.js";

const TOKEN = "a-token-of-the-test";
const RUNS = 4;
const EPOCHS = Number(process.env["QDRL_FIRE_EPOCHS"] ?? 200);
/** Kills stop after so long, and what is left is finished in peace. */
const FIRE_MS = Number(process.env["QDRL_FIRE_SECONDS"] ?? 120) * 1000;
const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];

const tiny = tinyDataset();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Lines of epochs in the logs below a folder, of run folders and of a store. */
function epochsTold(folder: string): number {
  const logs = (fs.readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    /(^|\/)log(\/\d+)?\.jsonl$/.test(name),
  );
  const texts = logs.map((name) => fs.readFileSync(path.join(folder, name), "utf8"));
  return texts.reduce((sum, text) => sum + (text.match(/"epoch \d+\//g)?.length ?? 0), 0);
}

/** A program of ours that is killed and started again; it and all that it starts carry a mark. */
class Program {
  private child: ChildProcess | null = null;
  constructor(
    private readonly args: string[],
    private readonly mark: string,
    private readonly log: string,
  ) {}

  start(): void {
    const out = fs.openSync(this.log, "a");
    this.child = spawn(process.execPath, ["tools/qdrl.mjs", ...this.args], {
      env: { ...process.env, QDRL_TOKEN: TOKEN, QDRL_TEST_MARK: this.mark },
      stdio: ["ignore", out, out],
    });
    fs.closeSync(out);
  }

  /** @returns processes that are there half a minute later still */
  async end(signal: NodeJS.Signals): Promise<number[]> {
    this.child!.kill(signal);
    for (let waited = 0; this.processes().length > 0 && waited < 30_000; waited += 100) await pause(100);
    return this.processes();
  }

  private processes(): number[] {
    return fs.readdirSync("/proc").flatMap((name) => {
      try {
        const env = fs.readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
        return env.includes(`QDRL_TEST_MARK=${this.mark}`) ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
  }
}

describe.sequential("the service under fire: its server and its workers killed at random moments", () => {
  let config: Record<string, unknown>;
  let alone: string;
  let passed = 0;
  let programs: Program[] = [];

  afterEach(async () => {
    for (const program of programs) await program.end("SIGKILL");
  });
  beforeAll(async () => {
    const file = tiny.config({ num_epochs: EPOCHS, checkpoint_every: 20 });
    config = JSON.parse(fs.readFileSync(file, "utf8"));
    ({ dir: alone } = await runExperiment(file));
  }, 1_200_000);
  afterAll(() => {
    if (passed === 2) fs.rmSync(tiny.root, { recursive: true });
    else console.log(`logs: ${tiny.root}`);
  });

  it.for(["processes of its own", "workers of a store"])(
    "ends every run once with the bytes of an undisturbed one, by %s",
    { timeout: 1_800_000 },
    async (kind, { task }) => {
      const place = path.join(tiny.root, kind.replaceAll(" ", "-"));
      fs.mkdirSync(place);
      const [root, store] = [path.join(place, "runs"), path.join(place, "store")];
      const port = String(await freePort());
      const serving = ["serve", "--root", root, "--port", port, "--log", "warn"];
      const isShared = kind === "workers of a store";
      const made = (name: string, args: string[]) =>
        new Program(args, `${process.pid}-${place}-${name}`, path.join(place, `${name}.log`));
      const working = ["work", "--store", store, "--lease", "6", "--save", "1"];
      programs = [
        made("server", [...serving, ...(isShared ? ["--store", store] : ["--workers", "2"])]),
        ...(isShared ? [made("worker-1", working), made("worker-2", working)] : []),
      ];
      for (const program of programs) program.start();
      const client = connect(`http://127.0.0.1:${port}`, { token: TOKEN });
      /** Asked again while the server starts. */
      const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
        for (let tries = 0; ; tries++)
          try {
            return await ask();
          } catch (error) {
            if (tries === 300) throw error;
            await pause(500);
          }
      };
      const names = Array.from({ length: RUNS }, (_, i) => `run-${i}`);
      await patiently(() => client.listExperiments());
      const runs: RemoteRun[] = [];
      for (const name of names) runs.push(await client.train(config, { experiment: "fire", name }));
      const states = () =>
        Promise.all(runs.map((run) => patiently(() => run.status()))).then((all) =>
          all.map(({ state }) => state),
        );
      const areOver = async () =>
        (await states()).every((state) => state === "FINISHED" || state === "FAILED");

      const began = performance.now();
      let kills = 0;
      const orphans: number[] = [];
      const isOn = () => performance.now() - began < FIRE_MS;
      while (isOn() && !(await areOver())) {
        // while something trains: what is killed while it starts has nothing to lose
        const enough = epochsTold(place) + 1 + Math.random() * EPOCHS;
        while (isOn() && epochsTold(place) < enough && !(await areOver())) await pause(500);
        if (epochsTold(place) < enough) continue;
        const victim = programs[Math.floor(Math.random() * programs.length)]!;
        orphans.push(...(await victim.end("SIGKILL")));
        victim.start();
        kills++;
      }
      while (!(await areOver())) await pause(1000);
      const seconds = Math.round((performance.now() - began) / 1000);
      expect(await states()).toEqual(names.map(() => "FINISHED"));
      const log = await patiently(() => runs[0]!.logs());
      for (const program of programs) orphans.push(...(await program.end("SIGTERM")));
      expect(orphans, "no orphan process").toEqual([]);

      const objects = new FolderObjects(isShared ? store : path.join(root, ".service"));
      let attempts = 0;
      for (const name of names) {
        const dir = path.join(root, "fire", name);
        const keys = (await objects.list(`runs/fire/${name}/attempts/`)).map(({ key }) => key);
        attempts += keys.filter((key) => key.endsWith("/claim")).length;
        expect(keys.filter((key) => key.endsWith("/end")).length, `${name} ends once`).toBe(1);
        for (const file of RESULTS)
          expect(
            fs.readFileSync(path.join(dir, file)).equals(fs.readFileSync(path.join(alone, file))),
            `${name} ${file}`,
          ).toBe(true);
        const epochs = new Set(fs.readFileSync(path.join(dir, "log.jsonl"), "utf8").match(/"epoch \d+\//g));
        expect(epochs.size, `${name}: every epoch's line is in the log`).toBe(EPOCHS);
      }
      expect(log).toMatch(new RegExp(`epoch ${EPOCHS}/${EPOCHS}: loss`));
      passed++;
      const figures = `${kills} kills in ${seconds} s, ${RUNS} runs, ${attempts} attempts`;
      console.log(`${kind}: ${figures}`);
      Object.assign(task.meta, { against: figures });
    },
  );
});
