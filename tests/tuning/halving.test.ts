import { describe, expect, it } from "vitest";
import {
  bestTrial,
  type HalvingPlan,
  type JobResult,
  rungsOf,
  walkHalving,
} from "../../lib/tuning/halving.js";

const QUERIES = 40;
const plan: HalvingPlan = { trials: 8, bracket: 8, rungs: [1, 2, 4], alpha: 0, maxBytes: null };

/** A trial's values: its quality, the same wobble over queries for all, so that differences are those of quality. */
function result(trial: number, epochs: number, quality: number, more: Partial<JobResult> = {}): JobResult {
  const values = Array.from({ length: QUERIES }, (_, q) => quality + 0.01 * epochs + (q % 5) * 0.1);
  return { trial, epochs, values, bytes: 100, failed: null, ...more };
}

/** Walks to the end, doing every job as it comes. Returns the order of jobs. */
function play(given: HalvingPlan, quality: (trial: number) => number, most = Infinity) {
  const done = new Map<string, JobResult>();
  const order: string[] = [];
  for (;;) {
    const standing = walkHalving(
      given,
      () => {},
      () => null,
      ({ trial, epochs }) => done.get(`${trial}/${epochs}`),
    );
    if (standing.next.length === 0 || order.length >= most) return { standing, order };
    for (const { trial, epochs } of standing.next) {
      if (order.length >= most) break;
      order.push(`${trial}/${epochs}`);
      done.set(`${trial}/${epochs}`, result(trial, epochs, quality(trial)));
    }
  }
}

describe("rungsOf", () => {
  it("halves the epochs downwards and names none twice", () => {
    expect(rungsOf(8, 3)).toEqual([2, 4, 8]);
    expect(rungsOf(5, 3)).toEqual([1, 3, 5]);
    expect(rungsOf(1, 3)).toEqual([1]);
  });
});

describe("walkHalving", () => {
  it("lets the better half go on, and the configuration as given always", () => {
    const { standing, order } = play(plan, (trial) => trial / 10); // trial 0 is the worst
    expect(order.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((trial) => `${trial}/1`));
    expect(order.slice(8)).toEqual(["0/2", "4/2", "5/2", "6/2", "7/2", "0/4", "5/4", "6/4", "7/4"]);
    expect(standing.trials[3]!.stopped).toBe("in the worse half after 1 epoch");
    expect(standing.jobsDone).toBe(order.length);
    expect(bestTrial(standing.trials)).toMatchObject({ state: { trial: 7 }, result: { epochs: 4 } });
  });

  it("stops what is significantly worse than the best, and keeps what only looks worse", () => {
    // of four, trials 1 and 2 are the better half; trial 2 is worse by .3 on every query, or by .05 of a wild mean
    const walk = (second: (q: number) => number) =>
      walkHalving(
        { ...plan, trials: 4, alpha: 0.05 },
        () => {},
        () => null,
        ({ trial, epochs }) => {
          if (epochs > 1) return undefined;
          const values = Array.from({ length: QUERIES }, (_, q) =>
            trial === 1 ? 0.5 : trial === 2 ? second(q) : -1,
          );
          return result(trial, 1, 0, { values });
        },
      );
    const clear = walk(() => 0.2);
    expect(clear.next.map(({ trial }) => trial)).toEqual([0, 1]);
    expect(clear.trials[2]!.stopped).toBe("worse than trial 1 after 1 epoch (p 0.000)");
    const wild = walk((q) => (q % 20 < 9 ? 1 : 0));
    expect(wild.next.map(({ trial }) => trial)).toEqual([0, 1, 2]);
  });

  it("does jobs in one order, of which less time is a beginning", () => {
    const whole = play({ ...plan, trials: 24 }, (trial) => ((trial * 7) % 24) / 10).order;
    for (const most of [1, 9, 20, 30])
      expect(play({ ...plan, trials: Infinity }, (trial) => ((trial * 7) % 24) / 10, most).order).toEqual(
        whole.slice(0, most),
      );
    expect(play({ ...plan, trials: 8 }, (trial) => ((trial * 7) % 24) / 10).order).toEqual(
      whole.slice(0, play({ ...plan, trials: 8 }, (trial) => ((trial * 7) % 24) / 10).order.length),
    );
  });

  it("counts as done what lies before the first missing job, whoever was faster behind it", () => {
    const lookup = ({ trial, epochs }: { trial: number; epochs: number }) =>
      epochs === 1 && trial !== 2 ? result(trial, 1, 0) : undefined;
    const standing = walkHalving(
      plan,
      () => {},
      () => null,
      lookup,
    );
    expect(standing.jobsDone).toBe(2);
    expect(standing.next).toEqual([{ trial: 2, epochs: 1 }]);
    expect(standing.trials[7]!.results).toEqual([]);
  });

  it("never lets a trial win that is over a limit or broke down", () => {
    const lookup = ({ trial, epochs }: { trial: number; epochs: number }) =>
      result(trial, epochs, trial, {
        bytes: trial === 3 ? 2000 : 100,
        ...(trial === 2 && { values: [], failed: "loss must stay finite, got NaN" }),
      });
    const limited = { ...plan, trials: 5, maxBytes: 1000 };
    const { trials } = walkHalving(
      limited,
      () => {},
      (trial) => (trial === 4 ? "too slow" : null),
      lookup,
    );
    expect(bestTrial(trials)!.state.trial).toBe(1);
    expect(trials.map(({ stopped }) => stopped)).toEqual([
      null,
      null,
      "broke down: loss must stay finite, got NaN",
      "0.00 MB are over the limit",
      "too slow",
    ]);
  });
});
