import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { makeFolder } from "./make-folder.js";
import { lifeOf, type ProcessIdentity, thisProcess } from "./process-identity.js";
import { namingFile } from "./system-fault.js";

/** Between two signs of life. */
const BEAT_MS = 1000;
/** Without a sign of life for so long, an owner whose process cannot be looked at is taken to be gone. */
const SILENCE_MS = 10_000;
const POLL_MS = 200;

/** Locks that this process holds now. */
const held = new Set<string>();

/**
 * Does work on a folder while nobody else does, waiting for its turn. The lock is a folder beside it, `.<name>.lock`,
 * where no run or data set can be; it names its owner by machine, start of machine and process, and process id, and
 * shows a sign of life every second. A lock whose owner is gone is taken over: at once where the owner's process can be
 * looked at, else (another machine or container) after ten seconds without a sign of life, measured by the waiting
 * process's own clock.
 *
 * @param onWait  called once if somebody else holds the lock, with a line to show; default: on standard error
 * @throws SystemFault if no lock can be made there
 */
export async function withFolderLock<T>(
  folder: string,
  work: () => Promise<T>,
  onWait: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<T> {
  const lock = lockOf(folder);
  const token = randomBytes(8).toString("hex");
  const silence = new Map<string, { beat: number; since: number }>();
  makeFolder(path.dirname(lock));
  for (let waited = false; !tryLock(lock, token, silence); waited = true) {
    if (!waited) onWait(`${folder}: another process works on it; waiting`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  held.add(token);
  const heart = new Worker(HEART, {
    eval: true,
    workerData: { file: path.resolve(lock, token), everyMs: BEAT_MS },
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  heart.on("error", () => {}); // no sign of life is no reason to fail: the process itself can be looked at
  heart.unref();
  const release = () => {
    held.delete(token);
    fs.rmSync(path.join(lock, token), { force: true });
    try {
      fs.rmdirSync(lock);
    } catch {} // somebody else has it already
  };
  process.once("exit", release); // a process that is told to stop does not come to the end of its work
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    await heart.terminate();
    release();
  }
}

/** The lock of a folder. */
function lockOf(folder: string): string {
  const whole = path.resolve(folder);
  return path.join(path.dirname(whole), `.${path.basename(whole)}.lock`);
}

/** Touches a file for as long as it is there, in a thread of its own: long steps do not stop it. */
const HEART = `
const { utimesSync } = require("node:fs");
const { workerData: { file, everyMs } } = require("node:worker_threads");
const timer = setInterval(() => {
  try { utimesSync(file, new Date(), new Date()); } catch { clearInterval(timer); }
}, everyMs);
`;

/**
 * Takes the lock by a rename that only one of several can win: onto a folder that holds its owner's file, it fails. The
 * file of an owner that is gone is removed, no other, so a lock just taken over by somebody else stays his.
 */
function tryLock(
  lock: string,
  token: string,
  silence: Map<string, { beat: number; since: number }>,
): boolean {
  const own = namingFile(lock, () => fs.mkdtempSync(`${lock}.`));
  try {
    namingFile(lock, () => fs.writeFileSync(path.join(own, token), JSON.stringify(thisProcess())));
  } catch (error) {
    fs.rmSync(own, { recursive: true, force: true });
    throw error;
  }
  try {
    fs.renameSync(own, lock);
    sweepUp(lock);
    return true;
  } catch {
    fs.rmSync(own, { recursive: true, force: true });
    const gone = ownersOf(lock).filter((name) => isGone(path.join(lock, name), name, silence));
    for (const name of gone) fs.rmSync(path.join(lock, name), { force: true });
    return gone.length > 0 && tryLock(lock, token, silence);
  }
}

/** Removes what processes left that were killed while they tried. */
function sweepUp(lock: string): void {
  const parent = path.dirname(lock);
  for (const name of fs.readdirSync(parent)) {
    if (!name.startsWith(`${path.basename(lock)}.`)) continue;
    const left = path.join(parent, name);
    const [token] = ownersOf(left);
    if (token !== undefined && isGone(path.join(left, token), token, new Map()))
      fs.rmSync(left, { recursive: true, force: true });
  }
}

function ownersOf(lock: string): string[] {
  try {
    return fs.readdirSync(lock);
  } catch {
    return [];
  }
}

function isGone(file: string, token: string, silence: Map<string, { beat: number; since: number }>): boolean {
  let owner: ProcessIdentity;
  let beat: number;
  try {
    owner = JSON.parse(fs.readFileSync(file, "utf8"));
    beat = fs.statSync(file).mtimeMs;
  } catch (error) {
    return error instanceof SyntaxError; // written before the lock was taken: half a file is nobody's
  }
  const life = lifeOf(owner);
  if (life === "alive") return isThis(owner) && !held.has(token);
  if (life === "gone") return true;
  const now = performance.now();
  const known = silence.get(token);
  if (known?.beat !== beat) silence.set(token, { beat, since: now });
  else if (now - known.since > SILENCE_MS) return true;
  return false;
}

function isThis(owner: ProcessIdentity): boolean {
  return JSON.stringify(owner) === JSON.stringify(thisProcess());
}
