import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";

/** Rows whose machines are taken away, all times in one unit (seconds, or epochs). */
export interface PreemptionModel {
  /** work of a row without any trouble */
  work: number;
  /** mean time until a machine is taken away, exponentially distributed */
  meanLife: number;
  /** work between two checkpoints, which is lost at most */
  interval: number;
  /** what a checkpoint costs */
  checkpoint: number;
  /** from a machine's loss until its row trains again: a lease, a new machine, start-up, reading the checkpoint */
  restart: number;
}

/**
 * Simulates rows until each is done, and returns the mean share of time beyond the work itself: 0.1 = a tenth more is
 * paid for. A machine may be taken away at any moment, while it starts too.
 *
 * @param rows  simulated rows
 * @throws UserError where a machine lives for less than a tenth of what stands between it and its next checkpoint: e¹⁰ tries of each
 */
export function simulatePreemption(model: PreemptionModel, rows: number, random: Random): number {
  const { work, meanLife, interval, checkpoint, restart } = model;
  const stretch = restart + Math.min(interval, work) + checkpoint;
  if (stretch > 10 * meanLife)
    throw new UserError(`meanLife: must be at least ${stretch / 10}, a tenth of a stretch, got ${meanLife}`);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    let saved = 0;
    for (let attempt = 0; saved < work; attempt++) {
      const life = -meanLife * Math.log(1 - random.next());
      let elapsed = attempt === 0 ? 0 : restart;
      while (saved < work) {
        const piece = Math.min(interval, work - saved);
        const cost = piece + (saved + piece < work ? checkpoint : 0);
        if (elapsed + cost > life) {
          elapsed = Math.max(life, 0);
          break;
        }
        elapsed += cost;
        saved += piece;
      }
      total += elapsed;
    }
  }
  return total / (rows * work) - 1;
}

/**
 * The interval between checkpoints that costs least, to first order: √(2 · checkpoint · meanLife).
 *
 * @see Young 1974, doi:10.1145/361147.361115
 */
export function bestInterval({
  checkpoint,
  meanLife,
}: Pick<PreemptionModel, "checkpoint" | "meanLife">): number {
  return Math.sqrt(2 * checkpoint * meanLife);
}
