import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { atomicWriteFile } from "../files/atomic-write.js";
import { hashFile } from "../files/hash-file.js";
import { gunzip } from "../files/inflate.js";
import { makeFolder } from "../files/make-folder.js";
import { dependencyPath, packageFile } from "../files/package-files.js";
import { readSealedJson, writeSealedJson } from "../files/sealed-text.js";
import { namingFile } from "../files/system-fault.js";
import { UserError } from "../files/user-error.js";
import { crc32c } from "./crc32c.js";

/** A stretch of time: a line of timings.jsonl, where `crc` follows. */
export interface Timing {
  epoch: number;
  name: string;
  seconds: number;
  count?: number;
}

/** One measurement: a line of metrics.jsonl. No clock in it, so equal runs write equal bytes. */
export interface Measurement {
  epoch: number;
  step: number;
  name: string;
  value: number;
}

/** What one system answered to one query: a line of queries.jsonl.gz. */
export interface QueryResult {
  set: string;
  typo: number;
  id: string;
  query: string;
  slice?: string;
  /** Document ids, sorted. */
  relevant: string[];
  /** Document id and grade of all that are judged, where the set has several grades. */
  grades?: Record<string, number>;
  /** Document id and score, best first. */
  top: [string, number][];
  values: Record<string, number>;
}

/** Provenance of a run; everything but `host`, times and `status` follows from config, seed and code. */
export interface Manifest {
  /** 2: sealed by a checksum, with the hash of its metrics; 1: of before */
  runFormat: 1 | 2;
  /** Name of the retrieval system; "rankings": results made elsewhere, without a system that could answer again. */
  kind: string;
  /** What tables call it. */
  system: string;
  taskId: string;
  runId: string;
  seed: number;
  dataset: { name: string; dir: string; fingerprint: string };
  commit: string | null;
  packages: Record<string, string>;
  backend: string;
  /** What computed the training steps, and why not the fused engine if it did not; "none" for BM25. */
  engine: string;
  host: { cpu: string; cores: number; memoryGb: number; node: string; platform: string };
  startedAt: string;
  endedAt: string | null;
  status: "running" | "finished" | "failed";
  error?: string;
  counts: Record<string, number>;
  /** Of steps computed by graphs: provider, threads, hash of the graph used last, and how many calls tfjs answered instead. */
  steps?: Record<string, string | number>;
  /** What metrics.jsonl held when the run ended. */
  metrics?: { bytes: number; sha256: string };
  /** Runs that it is made of, and what their answers came from then: see contentOf. */
  madeOf?: { run: string; content: string }[];
}

/** The manifest of a run that begins now on this machine. */
export function newManifest(
  facts: Pick<
    Manifest,
    "kind" | "system" | "taskId" | "runId" | "seed" | "dataset" | "backend" | "engine" | "counts"
  > &
    Partial<Pick<Manifest, "commit" | "startedAt">>,
): Manifest {
  const { kind, system, taskId, runId, seed, dataset, backend, engine, counts } = facts;
  return {
    ...{ runFormat: 2, kind, system, taskId, runId, seed, dataset },
    ...{ commit: facts.commit ?? currentCommit(), packages: packageVersions(), backend, engine },
    ...{ host: hostFacts(), startedAt: facts.startedAt ?? new Date().toISOString() },
    ...{ endedAt: null, status: "running", counts },
  };
}

/** Files of which every run folder holds one: what may be replaced as a run. */
export const RUN_MARKS = ["config.yaml", "manifest.json"] as const;

/** Answers of the untrained model. */
const QUERIES_BEFORE = "queries-before.jsonl.gz";

/** A run's folder: `<output_dir>/<task_id>/<run_id>/`. Tables, figures and notebooks read these and nothing else. */
export class RunFolder {
  /** What queries.jsonl.gz held when it was last read: reports ask for it many times. */
  private parsed: { stamp: string; results: QueryResult[] } | null = null;

  constructor(readonly dir: string) {}

  get checkpoints(): string {
    return path.join(this.dir, "checkpoints");
  }
  get model(): string {
    return path.join(this.dir, "models", "model.safetensors");
  }
  get configFile(): string {
    return path.join(this.dir, "config.yaml");
  }
  get metricsFile(): string {
    return path.join(this.dir, "metrics.jsonl");
  }
  get tensorboard(): string {
    return path.join(this.dir, "tensorboard");
  }

  manifest(): Manifest {
    const file = path.join(this.dir, "manifest.json");
    if (!fs.existsSync(file))
      throw new UserError(`${this.dir}: must be a run folder, ${foundInstead(this.dir)}`);
    const { checksum, ...manifest } = readSealedJson<Manifest>(file);
    if (checksum === undefined && manifest.runFormat !== 1)
      throw new UserError(`${file}: is damaged, must end with its checksum from runFormat 2 on, got none`);
    return manifest;
  }

  /** With the hash of the metrics, once the run has ended. */
  writeManifest(manifest: Manifest): void {
    const { metrics: _, ...rest } = manifest;
    const ended = manifest.status !== "running" && fs.existsSync(this.metricsFile);
    writeSealedJson(path.join(this.dir, "manifest.json"), {
      ...rest,
      ...(ended && { metrics: this.metricsState() }),
    });
  }

  /** Length and hash of metrics.jsonl as it is now. */
  private metricsState(bytes = Infinity): { bytes: number; sha256: string } {
    const found = fs.existsSync(this.metricsFile) ? fs.readFileSync(this.metricsFile) : Buffer.alloc(0);
    const part = found.subarray(0, bytes);
    return { bytes: part.length, sha256: createHash("sha256").update(part).digest("hex") };
  }

  /** Notes that a run ended without a result, and why. */
  writeFailure(manifest: Manifest, error: Error): void {
    const endedAt = new Date().toISOString();
    this.writeManifest({ ...manifest, status: "failed", endedAt, error: error.message });
  }

  appendMetrics(measurements: readonly Measurement[]): void {
    appendLines(this.metricsFile, measurements);
  }

  /** What of metrics.jsonl is now on disk, synced. */
  syncMetrics(): { bytes: number; sha256: string } {
    if (fs.existsSync(this.metricsFile)) {
      const handle = fs.openSync(this.metricsFile, "r+");
      fs.fsyncSync(handle);
      fs.closeSync(handle);
    }
    return this.metricsState();
  }

  /**
   * Forgets what was measured after a checkpoint.
   *
   * @param sha256  of what was measured before; undefined for checkpoints that do not name it
   * @throws UserError if that is no longer there
   */
  cutMetrics(bytes: number, sha256?: string): void {
    const kept = this.metricsState(bytes);
    if (kept.bytes !== bytes || (sha256 !== undefined && kept.sha256 !== sha256))
      throw new UserError(
        `${this.metricsFile}: must begin with the ${bytes} bytes that the checkpoint follows, got ${kept.bytes < bytes ? kept.bytes : "others"}; put the file back, or start over with --fresh`,
      );
    if (fs.existsSync(this.metricsFile)) fs.truncateSync(this.metricsFile, bytes);
  }

  /** Whether the answers to single queries are there: what tables and tests are made from. */
  isEvaluated(): boolean {
    return fs.existsSync(path.join(this.dir, "queries.jsonl.gz"));
  }

  /** @throws UserError if a run that has ended measured something else */
  metrics(): Measurement[] {
    const wanted = fs.existsSync(path.join(this.dir, "manifest.json")) ? this.manifest().metrics : undefined;
    if (wanted) {
      const { bytes, sha256 } = this.metricsState();
      if (sha256 !== wanted.sha256)
        throw new UserError(
          `${this.metricsFile}: is damaged or was edited, must be ${wanted.bytes} bytes with SHA-256 ${wanted.sha256.slice(0, 12)}…, got ${bytes} with ${sha256.slice(0, 12)}…`,
        );
    }
    return fs.existsSync(this.metricsFile)
      ? parseLines(fs.readFileSync(this.metricsFile, "utf8"), this.metricsFile)
      : [];
  }

  /**
   * Hash of what a run's answers come from: its model, or where it has none its answers; names it in what is made of it.
   */
  contentOf(): string {
    const file = fs.existsSync(this.model) ? this.model : path.join(this.dir, "queries.jsonl.gz");
    if (!fs.existsSync(file))
      throw new UserError(`${this.dir}: must be a finished run, got one without model and answers`);
    return hashFile(file).sha256;
  }

  /** SHA-256 of a file of the run as it is now. */
  hashOf(file: string): string {
    return hashFile(path.join(this.dir, file)).sha256;
  }

  /** Wall-clock facts, kept apart from metrics because they differ between equal runs. */
  appendTiming(timing: Timing): void {
    appendLines(path.join(this.dir, "timings.jsonl"), [withChecksum(timing)]);
  }

  /** Forgets the clock of epochs that will be trained again, and a last line that was being written at a kill. */
  cutTimings(epochsDone: number): void {
    const file = path.join(this.dir, "timings.jsonl");
    if (!fs.existsSync(file)) return;
    const lines = fs.readFileSync(file, "utf8").split("\n").slice(0, -1);
    const kept = lines.filter((line) => epochsDone > 0 && JSON.parse(line).epoch < epochsDone);
    atomicWriteFile(file, kept.map((line) => `${line}\n`).join(""));
  }

  /** @throws UserError naming the line that is damaged */
  timings(): Timing[] {
    const file = path.join(this.dir, "timings.jsonl");
    if (!fs.existsSync(file)) return [];
    const lines = parseLines<Timing & { crc?: string }>(fs.readFileSync(file, "utf8"), file);
    return lines.map((line, i) => checkTiming(line, `${file}:${i + 1}`));
  }

  /** @param stage  before: what the untrained model answered */
  writeQueries(results: readonly QueryResult[], stage: "before" | "after" = "after"): void {
    const text = results.map((result) => `${JSON.stringify(result)}\n`).join("");
    atomicWriteFile(
      path.join(this.dir, stage === "before" ? QUERIES_BEFORE : "queries.jsonl.gz"),
      gzipSync(text),
    );
  }

  /** What the untrained model answered; null where it was not asked. */
  queriesBefore(): QueryResult[] | null {
    const file = path.join(this.dir, QUERIES_BEFORE);
    return fs.existsSync(file)
      ? parseLines(gunzip(fs.readFileSync(file), file).toString("utf8"), file)
      : null;
  }

  queries(): QueryResult[] {
    const file = path.join(this.dir, "queries.jsonl.gz");
    if (!fs.existsSync(file)) throw new UserError(`${file}: must exist, got a run that was never evaluated`);
    const { mtimeMs, size } = fs.statSync(file);
    const stamp = `${mtimeMs} ${size}`;
    if (this.parsed?.stamp !== stamp)
      this.parsed = {
        stamp,
        results: parseLines(gunzip(fs.readFileSync(file), file).toString("utf8"), file),
      };
    return this.parsed.results.slice();
  }
}

/** The folder that a configuration's run belongs in. */
export function runFolderOf(config: { output_dir: string; task_id: string; run_id: string }): RunFolder {
  return new RunFolder(path.join(config.output_dir, config.task_id, config.run_id));
}

/** An existing run. @throws RangeError if the folder holds no manifest */
export function openRun(dir: string): RunFolder {
  const run = new RunFolder(dir);
  run.manifest();
  return run;
}

/** What is there in a run's place, and which runs are near. */
function foundInstead(dir: string): string {
  const below = fs.existsSync(dir) ? namesOfRuns(dir) : [];
  if (below.length > 0) return `got a folder of runs: ${below.join(", ")}`;
  const beside = namesOfRuns(path.dirname(dir));
  const known = beside.length > 0 ? `; runs beside it: ${beside.join(", ")}` : "";
  return `${fs.existsSync(dir) ? "got one without manifest.json" : "found none"}${known}`;
}

/** Names of the runs directly in a folder, the first eight. */
function namesOfRuns(folder: string): string[] {
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return [];
  const names = fs
    .readdirSync(folder)
    .filter((name) => fs.existsSync(path.join(folder, name, "manifest.json")))
    .sort();
  return names.length > 8 ? [...names.slice(0, 8), `… (${names.length} in all)`] : names;
}

/** Every run below a folder, in path order. */
export function listRuns(root: string): RunFolder[] {
  if (!fs.existsSync(root)) return [];
  const found: RunFolder[] = [];
  for (const entry of fs
    .readdirSync(root, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    const dir = path.join(root, entry.name);
    if (fs.existsSync(path.join(dir, "manifest.json"))) found.push(new RunFolder(dir));
    else found.push(...listRuns(dir));
  }
  return found;
}

/** Facts of this machine for the manifest. */
export function hostFacts(): Manifest["host"] {
  return {
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    platform: `${os.platform()} ${os.arch()}`,
  };
}

/** The commit checked out, with "+changes" when the tree differs from it; null outside a repository. */
export function currentCommit(): string | null {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", args, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 5000,
      }).trim();
    const commit = git("rev-parse", "--short=12", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}+changes`;
  } catch {
    return null;
  }
}

/** Versions of the packages whose code decides numbers. */
export function packageVersions(): Record<string, string> {
  const names = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "hyparquet"];
  const versions: Record<string, string> = { qdrl: versionOf(packageFile("package.json")) };
  for (const name of names) versions[name] = versionOf(dependencyPath(`${name}/package.json`));
  return versions;
}

function versionOf(file: string): string {
  return JSON.parse(fs.readFileSync(file, "utf8")).version;
}

/** With `crc`: CRC-32C of the line without it. */
function withChecksum(timing: Timing): Timing & { crc: string } {
  return { ...timing, crc: crc32c(Buffer.from(JSON.stringify(timing))).toString(16) };
}

/** Lines of before there were checksums have none, and no other key. */
function checkTiming(line: Timing & { crc?: string }, where: string): Timing {
  const { crc, ...timing } = line;
  const known = Object.keys(timing).every((key) => ["epoch", "name", "seconds", "count"].includes(key));
  if (!known || (crc !== undefined && crc !== withChecksum(timing).crc))
    throw new UserError(`${where}: is damaged, the line must fit its crc, got ${JSON.stringify(line)}`);
  return timing;
}

function appendLines(file: string, values: readonly unknown[]): void {
  makeFolder(path.dirname(file));
  namingFile(file, () =>
    fs.appendFileSync(file, values.map((value) => `${JSON.stringify(value)}\n`).join("")),
  );
}

function parseLines<T>(text: string, file: string): T[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i) => {
      try {
        return JSON.parse(line) as T;
      } catch {
        throw new UserError(`${file}:${i + 1}: must be JSON, got ${JSON.stringify(line.slice(0, 60))}`);
      }
    });
}
