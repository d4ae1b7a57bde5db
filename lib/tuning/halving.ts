import { holm } from "../metrics/holm.js";
import { pairedRandomizationTest } from "../metrics/randomization-test.js";

/** A trial trained for so many epochs. */
export interface Job {
  trial: number;
  epochs: number;
}

/** What a job brought. */
export interface JobResult extends Job {
  /** [Q] the objective of every validation query; empty if training broke down */
  values: readonly number[];
  /** of the model file */
  bytes: number;
  /** why training broke down, such as a loss that is no number; null if it did not */
  failed: string | null;
}

/** A trial in the sequence. */
export interface TrialState {
  trial: number;
  /** by rung it has been through, fewest epochs first */
  results: JobResult[];
  /** why it goes no further; null while it does, or if it reached the last rung */
  stopped: string | null;
  /** why it cannot win, whatever its values: beyond a limit; null if it can */
  barred: string | null;
}

export interface HalvingPlan {
  /** trials in all; Infinity: for as long as there is time */
  trials: number;
  /** trials that are halved together */
  bracket: number;
  /** epochs of each stage, ascending */
  rungs: readonly number[];
  /** level of the tests that stop trials; 0 = none */
  alpha: number;
  /** largest model file; null = any */
  maxBytes: number | null;
}

/** Where a tuning stands. */
export interface Standing {
  trials: TrialState[];
  /** jobs of the next rung that are not done; none: the plan is finished */
  next: Job[];
  /** jobs of the sequence before the first that is not done */
  jobsDone: number;
}

/** Resamples of the tests that stop trials. */
const RESAMPLES = 2000;

/** Epochs of each stage: the last one `epochs`, each half of the next, at least one, none twice. */
export function rungsOf(epochs: number, stages: number): number[] {
  const rungs = Array.from({ length: stages }, (_, i) => Math.max(1, Math.round(epochs / 2 ** i)));
  return [...new Set(rungs)].reverse();
}

/**
 * Walks the one sequence of jobs that a plan and the results so far determine: brackets of trials one after the other, in a
 * bracket rung after rung. After a rung the better half goes on, and of it only those that are not significantly worse
 * than the best: of the bracket and of the best trial so far at as many epochs. Trial 0, the configuration as given, always
 * goes on: it is what others are compared with. Nothing depends on clocks or workers.
 *
 * @param begin   told of each bracket before its trials are asked for, with all trials before it
 * @param bar     why a trial cannot be allowed, before anything of it is trained; null if it can
 * @param lookup  the result of a job, undefined if it is not done
 * @see Jamieson & Talwalkar 2016, arXiv:1502.07943 (successive halving); the tests are ours
 */
export function walkHalving(
  plan: HalvingPlan,
  begin: (members: readonly number[], before: readonly TrialState[]) => void,
  bar: (trial: number) => string | null,
  lookup: (job: Job) => JobResult | undefined,
): Standing {
  const trials: TrialState[] = [];
  let jobsDone = 0;
  for (let first = 0; first < plan.trials; first += plan.bracket) {
    const count = Math.min(plan.bracket, plan.trials - first);
    const members = Array.from({ length: count }, (_, i) => first + i);
    begin(members, trials);
    const best = bestTrial(trials);
    const states = members.map((trial): TrialState => {
      const barred = bar(trial);
      return { trial, results: [], stopped: trial > 0 ? barred : null, barred };
    });
    trials.push(...states);
    for (const [r, epochs] of plan.rungs.entries()) {
      const alive = states.filter(({ stopped }) => stopped === null);
      const found = alive.map(({ trial }) => lookup({ trial, epochs }));
      const missing = found.indexOf(undefined);
      const done = missing < 0 ? alive.length : missing;
      jobsDone += done;
      for (let i = 0; i < done; i++) settle(alive[i]!, found[i]!, plan.maxBytes);
      if (missing >= 0) {
        const next = alive.filter((_, i) => found[i] === undefined).map(({ trial }) => ({ trial, epochs }));
        return { trials, next, jobsDone };
      }
      if (r < plan.rungs.length - 1) stopWorse(alive, epochs, best, plan.alpha);
    }
  }
  return { trials, next: [], jobsDone };
}

/** Takes a result over. */
function settle(state: TrialState, result: JobResult, maxBytes: number | null): void {
  if (result.failed !== null) {
    state.stopped = `broke down: ${result.failed}`;
    return;
  }
  state.results.push(result);
  if (maxBytes !== null && result.bytes > maxBytes) {
    state.barred = `${(result.bytes / 1e6).toFixed(2)} MB are over the limit`;
    if (state.trial > 0) state.stopped = state.barred;
  }
}

function stopWorse(
  states: readonly TrialState[],
  epochs: number,
  best: { state: TrialState } | null,
  alpha: number,
): void {
  const rivals = states
    .filter(({ stopped }) => stopped === null)
    .sort((a, b) => lastMean(b) - lastMean(a) || a.trial - b.trial);
  const kept = rivals.slice(0, Math.ceil(rivals.length / 2));
  for (const state of rivals.slice(kept.length))
    if (state.trial > 0) state.stopped = `in the worse half after ${epochsOf(epochs)}`;
  const earlier = best?.state.results.find((result) => result.epochs === epochs);
  const ownLeader = rivals.find(({ barred }) => barred === null);
  const ownBest = ownLeader?.results.at(-1);
  const leader =
    earlier !== undefined && (ownBest === undefined || meanOf(earlier.values) > meanOf(ownBest.values))
      ? earlier
      : ownBest;
  if (leader === undefined || alpha === 0) return;
  const tested = kept.filter(({ trial }) => trial > 0 && trial !== leader.trial);
  const tests = tested.map((state) =>
    pairedRandomizationTest(leader.values, state.results.at(-1)!.values, { resamples: RESAMPLES }),
  );
  const ps = holm(tests.map(({ p }) => p));
  for (const [i, state] of tested.entries())
    if (ps[i]! < alpha && tests[i]!.difference > 0)
      state.stopped = `worse than trial ${leader.trial} after ${epochsOf(epochs)} (p ${ps[i]!.toFixed(3)})`;
}

/** The best (trial, epochs) that can win; null if there is none. Ties go to the earlier trial and to fewer epochs. */
export function bestTrial(
  trials: readonly TrialState[],
): { state: TrialState; result: JobResult; mean: number } | null {
  let best: { state: TrialState; result: JobResult; mean: number } | null = null;
  for (const state of trials) {
    if (state.barred !== null) continue;
    for (const result of state.results) {
      const mean = meanOf(result.values);
      if (best === null || mean > best.mean) best = { state, result, mean };
    }
  }
  return best;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lastMean({ results }: TrialState): number {
  return meanOf(results.at(-1)!.values);
}

function epochsOf(epochs: number): string {
  return epochs === 1 ? "1 epoch" : `${epochs} epochs`;
}
