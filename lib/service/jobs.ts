import fs from "node:fs";
import path from "node:path";
import { RunQueue, type RunState } from "../cluster/run-queue.js";
import { loadConfig } from "../experiment/load-config.js";
import type { Objects } from "../files/objects/objects.js";
import { listRuns, RunFolder } from "../tracking/run-folder.js";
import { FileStore } from "./file-store.js";
import type { Job } from "./job.js";
import { type JobPlace, jobConfig } from "./job-config.js";
import { preparedOf } from "./prepared-data.js";
import { DATA_ROLES, runDataNames, stemOf } from "./run-data-names.js";
import { generatedName } from "./run-names.js";
import { ServiceError } from "./service-error.js";
import { isFetched } from "./store-follower.js";

/** A run as the service shows it. */
export interface RunStatus {
  experiment: string;
  name: string;
  state: RunState;
  /** attempts begun; 0 for a run that somebody trained without the service */
  attempt: number;
  message: string | null;
  device: string;
  createdAt: string | null;
  endedAt: string | null;
}

/** Attempts at a run whose process ends without saying that it is of no use. */
const ATTEMPTS = 3;

/** An attempt whose worker shows no sign of life for so long is taken over. */
const LEASE_MS = 6000;

/**
 * Runs that were asked for, and those that are there anyway. What there is to know of them is in files: their folders
 * `<root>/<experiment>/<run>`, and the queue beside them, `<root>/.service`.
 */
export class Jobs {
  readonly queue: RunQueue;
  /** Uploaded tables by name. */
  readonly data: FileStore;
  /** Hears of every run that is asked for. */
  onCreated: () => void = () => {};

  /**
   * @param shared  the queue is a store that workers elsewhere share: they take configurations and know no tables
   */
  constructor(
    readonly root: string,
    private readonly objects: Objects,
    private readonly shared: boolean,
  ) {
    this.queue = new RunQueue(objects, { leaseMs: LEASE_MS });
    this.data = new FileStore(path.join(root, ".service", "data"));
  }

  /** An existing experiment comes back as it is. */
  async createExperiment(name: string, description: string | null): Promise<void> {
    await this.objects.create(
      `experiments/${name}`,
      JSON.stringify({ description, at: new Date().toISOString() }),
    );
  }

  /** Names of experiments with their numbers of runs, sorted. */
  async experiments(): Promise<{ name: string; runs: number }[]> {
    const counts = new Map<string, number>();
    for (const { key } of await this.objects.list("experiments/"))
      counts.set(key.slice("experiments/".length), 0);
    for (const id of await this.ids()) {
      const [experiment] = id.split("/") as [string];
      counts.set(experiment, (counts.get(experiment) ?? 0) + 1);
    }
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, runs]) => ({ name, runs }));
  }

  /** @throws ServiceError 404 if there is none of that name */
  async experiment(name: string): Promise<{ name: string; runs: number }> {
    const runs = (await this.ids(name)).length;
    if (runs === 0 && (await this.objects.get(`experiments/${name}`)) === null)
      throw new ServiceError(404, `unknown experiment ${name}`);
    return { name, runs };
  }

  /** `<experiment>/<run>` of all runs, or those of an experiment, sorted. */
  async ids(experiment?: string): Promise<string[]> {
    const folder = experiment === undefined ? this.root : path.join(this.root, experiment);
    const found = listRuns(folder).map((run) => path.relative(this.root, run.dir).split(path.sep).join("/"));
    const two = found.filter((id) => id.split("/").length === 2);
    return [...new Set([...(await this.queue.ids(experiment)), ...two])].sort();
  }

  /** @throws ServiceError 409 if there is a run of that name */
  async create(experiment: string, name: string | undefined, job: Job, device: string): Promise<RunStatus> {
    await this.createExperiment(experiment, null);
    for (;;) {
      const chosen = name ?? generatedName();
      const id = `${experiment}/${chosen}`;
      const taken = fs.existsSync(path.join(this.dirOf(id), "manifest.json"));
      const config = this.shared
        ? await this.sharedConfig(job, { root: this.root, experiment, name: chosen })
        : job;
      if (!taken && (await this.queue.create(id, { config, device, maxAttempts: ATTEMPTS }))) {
        this.onCreated();
        return this.status(id);
      }
      if (name !== undefined) throw new ServiceError(409, `run ${id}: is there already; choose another name`);
    }
  }

  /** What a worker elsewhere is to train. @throws ServiceError 422 for a fit of a model */
  private async sharedConfig(job: Job, place: JobPlace): Promise<object> {
    const config = await jobConfig(job, place, () => {});
    if (config) return loadConfig(config.file, config.changes);
    throw new ServiceError(
      422,
      "fit: model must be left out where runs go to the workers of a store, which take configurations alone; start the service without --store to fit it",
    );
  }

  dirOf(id: string): string {
    return path.join(this.root, ...id.split("/"));
  }

  /** @throws ServiceError 404 if there is no such run */
  async status(id: string): Promise<RunStatus> {
    const [experiment, name] = id.split("/") as [string, string];
    const queued = await this.queue.get(id);
    const run = new RunFolder(this.dirOf(id));
    const manifest = fs.existsSync(path.join(run.dir, "manifest.json")) ? run.manifest() : null;
    if (!queued && !manifest) throw new ServiceError(404, `unknown run ${id}`);
    const times = { createdAt: manifest?.startedAt ?? null, endedAt: manifest?.endedAt ?? null };
    if (queued) {
      const { attempt, message, request } = queued;
      // a run of a worker elsewhere has finished when its folder is here
      const isHere = !this.shared || queued.state !== "FINISHED" || isFetched(run.dir);
      const state = isHere ? queued.state : "STARTED";
      return { experiment, name, state, attempt, message, device: request.device, ...times };
    }
    const state = ({ running: "STARTED", finished: "FINISHED", failed: "FAILED" } as const)[manifest!.status];
    return { experiment, name, state, attempt: 0, message: manifest!.error ?? null, device: "cpu", ...times };
  }

  async cancel(id: string): Promise<RunStatus> {
    const { attempt, state } = await this.status(id);
    if (attempt === 0 && state !== "CREATED")
      throw new ServiceError(
        409,
        `run ${id}: can be cancelled by who started it only, which was not this service`,
      );
    await this.queue.cancel(id);
    return this.status(id);
  }

  /**
   * Removes a run with its folder and its data.
   *
   * @throws ServiceError 404 if there is no such run; 409 for one that is being worked on (cancel it first), and for one
   *   that the service did not make
   */
  async remove(id: string): Promise<void> {
    const { state } = await this.status(id);
    if (!(await this.queue.get(id)))
      throw new ServiceError(
        409,
        `run ${id}: was not made by this service, so its folder stays; remove it by hand`,
      );
    if (state === "STARTED") throw new ServiceError(409, `run ${id}: is in progress; cancel it first`);
    fs.rmSync(this.dirOf(id), { recursive: true, force: true });
    const [experiment, name] = id.split("/") as [string, string];
    for (const role of DATA_ROLES) this.removeData(runDataNames(experiment, name)[role]);
    await this.queue.remove(id);
  }

  /** Every run of an experiment that the service made, and the experiment if none is left. @returns what was removed */
  async removeExperiment(experiment: string): Promise<string[]> {
    const removed: string[] = [];
    for (const id of await this.queue.ids(experiment)) {
      await this.remove(id);
      removed.push(id);
    }
    await this.objects.remove(`experiments/${experiment}`);
    return removed;
  }

  /** An uploaded table, whatever its format, with what was made of it. */
  removeData(name: string): void {
    for (const stored of this.data.list()) if (stemOf(stored.name) === name) this.data.remove(stored.name);
    fs.rmSync(preparedOf(this.root, name), { recursive: true, force: true });
  }
}
