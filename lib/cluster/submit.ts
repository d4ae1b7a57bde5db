import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../files/atomic-write.js";
import { isBucket, openObjects } from "../files/objects/open-objects.js";
import { UserError } from "../files/user-error.js";
import { manifestsOf } from "./engines/engines.js";
import type { Job } from "./engines/job.js";
import { mounted } from "./engines/vertex.js";
import { formatPlan, type SweepPlan } from "./sweep-plan.js";

/** What of a job a person decides; its name, plan and rows follow from the plan. */
export type JobWishes = Omit<Job, "name" | "plan" | "rows">;

export interface WrittenJob {
  /** folder of the files */
  folder: string;
  /** names in it */
  files: string[];
  /** where rows find the plan */
  plan: string;
}

/**
 * Writes what an engine needs to run a plan's rows: its manifest, `submit.sh`, and the plan with every configuration resolved.
 * With a store, rows read the plan from there: see {@link uploadPlan}.
 */
export function writeJob(engine: string, plan: SweepPlan, wishes: JobWishes, folder: string): WrittenJob {
  const file = path.join(folder, "plan.json");
  const job: Job = {
    ...wishes,
    name: nameOf(plan),
    rows: plan.rows.length,
    plan: placeOf(engine, plan, wishes, file),
  };
  const files = manifestsOf(engine, job);
  atomicWriteFile(file, formatPlan(plan));
  for (const [name, text] of Object.entries(files)) {
    atomicWriteFile(path.join(folder, name), text);
    if (name.endsWith(".sh")) fs.chmodSync(path.join(folder, name), 0o755);
  }
  return { folder, files: ["plan.json", ...Object.keys(files)], plan: job.plan };
}

/** Puts the plan where its rows look for it. @returns its address */
export async function uploadPlan(plan: SweepPlan, store: string): Promise<string> {
  await (await openObjects(store)).put(keyOf(plan), formatPlan(plan));
  return addressOf(plan, store);
}

/**
 * Hands a written job to its engine's client.
 *
 * @throws UserError if that fails
 */
export async function sendJob({ folder }: WrittenJob): Promise<void> {
  const child = spawn("bash", [path.join(folder, "submit.sh")], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new UserError(`${folder}/submit.sh: must succeed, got exit code ${code}`);
}

function placeOf(engine: string, plan: SweepPlan, { store }: JobWishes, file: string): string {
  if (store === null) return file;
  const address = addressOf(plan, store);
  return engine === "vertex" ? mounted(address) : address;
}

function addressOf(plan: SweepPlan, store: string): string {
  return isBucket(store)
    ? `${store.replace(/\/+$/, "")}/${keyOf(plan)}`
    : path.join(path.resolve(store), keyOf(plan));
}

/** With a hash of its rows: another plan of the same name does not take its place under rows that run. */
function keyOf({ task, rows }: SweepPlan): string {
  const hash = createHash("sha256")
    .update(rows.map((row) => row.hash).join(" "))
    .digest("hex");
  return `sweeps/${task}-${hash.slice(0, 12)}.json`;
}

/** A name as Kubernetes takes it: at most 52 letters, digits and hyphens, which leaves room for what engines append. */
function nameOf({ task }: SweepPlan): string {
  const plain = task
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 52)
    .replace(/^-+|-+$/g, "");
  return /^[a-z]/.test(plain) ? plain : `sweep-${plain}`.slice(0, 52);
}
