import { randomUUID } from "node:crypto";
import type { ListedObject, Objects } from "../files/objects/objects.js";
import { objectJson, objectText } from "../files/objects/objects.js";
import { UserError } from "../files/user-error.js";

/** What is to be run. */
export interface RunRequest {
  /** Resolved configuration of an experiment, as YAML would hold it. */
  config: object;
  /** Kind of machine that it asks for, as workers name theirs. */
  device: string;
  /** Failures after which a run has failed for good, lost workers not counted; null: whoever asks counts. */
  maxAttempts: number | null;
}

/** States only go forward: a run that waits for its next attempt stays STARTED. */
export type RunState = "CREATED" | "STARTED" | "FINISHED" | "FAILED";

/** A run as the queue knows it. */
export interface QueuedRun {
  /** `<experiment>/<name>` */
  id: string;
  request: RunRequest;
  state: RunState;
  /** Attempts that were begun. */
  attempt: number;
  /** Of the last attempt's end, if it was no success. */
  message: string | null;
  cancelled: boolean;
}

/** One attempt at a run; its number is the fencing token. */
export interface Attempt {
  id: string;
  number: number;
  request: RunRequest;
}

/** How an attempt ended: exit code 0 done, 42 never again, anything else again if attempts are left. */
export interface AttemptEnd {
  code: number;
  message: string;
}

/** What {@link RunQueue.take} found. */
export type Taken = Attempt | "held" | "pausing" | "finished";

interface StoredEnd {
  state: "FINISHED" | "FAILED" | "AGAIN";
  message: string;
  /** wall clock, ms; of AGAIN */
  notBefore: number;
}

interface Look {
  run: QueuedRun;
  /** attempts that ended in failure */
  failures: number;
  /** attempts whose worker went away without a word, the present one not among them */
  lost: number;
  end: StoredEnd | null;
  /** of the last attempt: its newest sign of life */
  beat: ListedObject | null;
}

export interface QueueOptions {
  /** An attempt without a sign of life for so long is taken over. Default 20,000. */
  leaseMs?: number;
  /** Before the second attempt after a failure; doubles with each. Default 2000. */
  pauseMs?: number;
  /** Milliseconds that never go back, near those of wall clocks. Default: this process's clock. */
  nowMs?: () => number;
}

/** Workers that a run may lose before it counts as what ends them: machines are taken away, but not so often. */
const MOST_LOST = 100;

/** Exit code of what will fail again however often it is tried. */
export const NEVER_AGAIN = 42 as const;

/**
 * Runs to be done, and who does them, as objects of a folder or bucket. There is no server: workers agree by creating
 * objects that must not be there yet.
 *
 *     queue/<experiment>/<run>                     while the run is not over
 *     runs/<experiment>/<run>/request.json         what to do
 *     runs/<experiment>/<run>/cancelled            a wish
 *     runs/<experiment>/<run>/attempts/<n>/claim   created by one worker only
 *     runs/<experiment>/<run>/attempts/<n>/beat    written again and again
 *     runs/<experiment>/<run>/attempts/<n>/end     how it went
 *     runs/<experiment>/<run>/attempts/<n>/released   given up in order, as on a signal
 *
 * The highest attempt decides; what an earlier one writes later is not looked at. A worker counts as gone when its beat
 * has not changed for a lease by the watcher's own clock, so clocks of machines need not agree; a new watcher waits a lease.
 * The pause before a new attempt alone goes by wall clocks.
 */
export class RunQueue {
  readonly leaseMs: number;
  private readonly pauseMs: number;
  private readonly nowMs: () => number;
  private readonly beats = new Map<string, { tag: string; sinceMs: number }>();
  private readonly requests = new Map<string, RunRequest>();

  constructor(
    readonly objects: Objects,
    { leaseMs = 20_000, pauseMs = 2000, nowMs = processClock }: QueueOptions = {},
  ) {
    this.nowMs = nowMs;
    this.leaseMs = leaseMs;
    this.pauseMs = pauseMs;
  }

  /** @returns false if the run is there already, whatever it is to do */
  async create(id: string, request: RunRequest): Promise<boolean> {
    checkRunId(id);
    if (!(await this.objects.create(`runs/${id}/request.json`, JSON.stringify(request)))) return false;
    await this.objects.put(`queue/${id}`, "");
    return true;
  }

  async get(id: string): Promise<QueuedRun | null> {
    return (await this.look(id))?.run ?? null;
  }

  /** Ids of all runs, or of an experiment's, sorted; one listing. */
  async ids(experiment?: string): Promise<string[]> {
    const prefix = experiment === undefined ? "runs/" : `runs/${experiment}/`;
    const listed = await this.objects.list(prefix);
    return listed.flatMap(({ key }) => /^runs\/(.+)\/request\.json$/.exec(key)?.[1] ?? []);
  }

  /**
   * The next run that somebody with these devices may do, begun by this worker.
   *
   * @returns null if there is nothing to do now
   */
  async claim(worker: string, devices: readonly string[] = ["cpu"]): Promise<Attempt | null> {
    for (const { key } of await this.objects.list("queue/")) {
      const id = key.slice("queue/".length);
      const found = await this.look(id);
      if (!found) continue;
      const { run, end, failures, lost } = found;
      if (run.state === "FINISHED" || run.state === "FAILED") {
        await this.objects.remove(key); // its worker died between its end and this
        continue;
      }
      if (!devices.includes(run.request.device)) continue;
      const { maxAttempts } = run.request;
      const isOver = maxAttempts !== null && (failures >= maxAttempts || lost >= MOST_LOST);
      if (run.cancelled || isOver) {
        if (end === null && this.isAlive(found)) continue;
        const why = run.cancelled ? "cancelled" : `its worker was lost ${lost} times`;
        await this.close(id, run.attempt, "FAILED", run.message ?? why);
        continue;
      }
      const taken = await this.begin(found, worker);
      if (typeof taken !== "string") return taken;
    }
    return null;
  }

  /**
   * Begins one run if nobody does it. One that failed or was cancelled is begun again: whoever asks for it by name means it.
   *
   * @throws UserError if there is no such run
   */
  async take(id: string, worker: string): Promise<Taken> {
    const found = await this.look(id);
    if (!found) throw new UserError(`queue: must know the run, got "${id}"`);
    if (found.run.state === "FINISHED") return "finished";
    const taken = await this.begin(found, worker);
    if (typeof taken !== "string" && found.run.cancelled) await this.objects.remove(`runs/${id}/cancelled`);
    return taken;
  }

  /** Shows that an attempt's worker is there, and hears what to do. */
  async beat({ id, number }: Attempt): Promise<"go on" | "cancel" | "lost"> {
    await this.objects.put(`${attemptOf(id, number)}/beat`, randomUUID()); // an ETag is a hash of contents
    const found = await this.look(id);
    if (!found || found.run.attempt !== number || found.end !== null) return "lost";
    return found.run.cancelled ? "cancel" : "go on";
  }

  /**
   * Notes how an attempt went.
   *
   * @returns the run's state then; "lost" if a later attempt has begun meanwhile
   */
  async end({ id, number, request }: Attempt, { code, message }: AttemptEnd): Promise<RunState | "lost"> {
    const found = await this.look(id);
    if (!found || found.run.attempt !== number || found.end !== null) return "lost";
    if (code === 0) return this.close(id, number, "FINISHED", message);
    const failures = found.failures + 1;
    const isLast = request.maxAttempts !== null && failures >= request.maxAttempts;
    if (code === NEVER_AGAIN || found.run.cancelled || isLast)
      return this.close(id, number, "FAILED", found.run.cancelled ? "cancelled" : message);
    return this.close(id, number, "AGAIN", message, this.pauseMs * 2 ** (failures - 1));
  }

  /** Gives an attempt up, as on a signal: the next one may begin at once, and it counts as no failure. */
  async release({ id, number }: Attempt): Promise<void> {
    await this.objects.create(`${attemptOf(id, number)}/released`, "");
  }

  /** A run that nobody does ends now as failed; its worker hears of it with its next beat. */
  async cancel(id: string): Promise<void> {
    const found = await this.look(id);
    if (!found || found.run.state === "FINISHED" || found.run.state === "FAILED") return;
    await this.objects.put(`runs/${id}/cancelled`, "");
    if (found.run.attempt === 0 || found.end !== null) await this.objects.remove(`queue/${id}`);
  }

  /** Forgets a run and all that its attempts left in the store. */
  async remove(id: string): Promise<void> {
    checkRunId(id);
    this.requests.delete(id);
    await this.objects.remove(`queue/${id}`);
    const listed = await this.objects.list(`runs/${id}/`);
    // the request goes last: what is left behind by a kill can be removed again
    listed.sort((a, b) => Number(a.key.endsWith("/request.json")) - Number(b.key.endsWith("/request.json")));
    for (const { key } of listed) await this.objects.remove(key);
  }

  private async look(id: string): Promise<Look | null> {
    checkRunId(id);
    const request =
      this.requests.get(id) ?? (await objectJson<RunRequest>(this.objects, `runs/${id}/request.json`));
    if (!request) return null;
    this.requests.set(id, request);
    const listed = await this.objects.list(`runs/${id}/`);
    const byKey = new Map(listed.map((object) => [object.key.slice(`runs/${id}/`.length), object]));
    const attemptsWith = (name: string) =>
      [...byKey.keys()].flatMap((key) => {
        const [, number, object] = /^attempts\/(\d+)\/([a-z]+)$/.exec(key) ?? [];
        return object === name ? [Number(number)] : [];
      });
    const claims = attemptsWith("claim");
    const released = attemptsWith("released");
    const failures = attemptsWith("end").length;
    const attempt = Math.max(0, ...claims);
    const at = `attempts/${padded(attempt)}`;
    let end: StoredEnd | null = null;
    if (byKey.has(`${at}/end`)) end = await objectJson(this.objects, `${attemptOf(id, attempt)}/end`);
    else if (released.includes(attempt)) end = { state: "AGAIN", message: "", notBefore: 0 };
    const cancelled = byKey.has("cancelled");
    let state: RunState = attempt === 0 ? "CREATED" : "STARTED";
    if (end && end.state !== "AGAIN") state = end.state;
    else if (cancelled && (attempt === 0 || end)) state = "FAILED";
    const message = state === "FAILED" && cancelled ? "cancelled" : end?.message || null;
    const beat = byKey.get(`${at}/beat`) ?? byKey.get(`${at}/claim`) ?? null;
    const lost = Math.max(0, claims.length - released.length - failures - (end === null ? 1 : 0));
    return { run: { id, request, state, attempt, message, cancelled }, failures, lost, end, beat };
  }

  private async begin(found: Look, worker: string): Promise<Exclude<Taken, "finished">> {
    const { run, end } = found;
    if (end && end.state === "AGAIN" && this.nowMs() < end.notBefore) return "pausing";
    if (!end && this.isAlive(found)) return "held";
    const number = run.attempt + 1;
    const key = `${attemptOf(run.id, number)}/claim`;
    const claim = JSON.stringify({ worker, token: randomUUID(), at: new Date().toISOString() });
    // a creation whose answer was lost is tried again by the client, and then found to be there already
    const created =
      (await this.objects.create(key, claim)) || (await objectText(this.objects, key)) === claim;
    return created ? { id: run.id, number, request: run.request } : "held";
  }

  private isAlive({ beat }: Look): boolean {
    if (beat === null) return false;
    const before = this.beats.get(beat.key);
    if (before?.tag === beat.tag) return this.nowMs() - before.sinceMs <= this.leaseMs;
    this.beats.set(beat.key, { tag: beat.tag, sinceMs: this.nowMs() });
    return true;
  }

  private async close(
    id: string,
    number: number,
    state: StoredEnd["state"],
    message: string,
    pauseMs = 0,
  ): Promise<RunState> {
    const end: StoredEnd = { state, message, notBefore: state === "AGAIN" ? this.nowMs() + pauseMs : 0 };
    await this.objects.create(`${attemptOf(id, number)}/end`, JSON.stringify(end));
    if (state !== "AGAIN") await this.objects.remove(`queue/${id}`);
    return state === "AGAIN" ? "STARTED" : state;
  }
}

function processClock(): number {
  return performance.timeOrigin + performance.now();
}

/** Where an attempt's objects lie. */
export function attemptOf(id: string, number: number): string {
  return `runs/${id}/attempts/${padded(number)}`;
}

function padded(number: number): string {
  return String(number).padStart(5, "0");
}

/** @throws UserError unless it is `<experiment>/<run>`, both plain names */
function checkRunId(id: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id))
    throw new UserError(
      `run: must be <experiment>/<run> of letters, digits, '.', '_' and '-', got ${JSON.stringify(id)}`,
    );
}
