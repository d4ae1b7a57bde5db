import type { Encoder } from "../../encoders/encoder.js";
import { parametersOf, setParameters } from "../../encoders/parameters.js";
import { UserError } from "../../files/user-error.js";
import type { FitPlan } from "./fit-plan.js";

/** Sizes that are tried, as far as the data go. */
const SIZES = [16, 32, 64, 128, 256, 512, 1024];
/** Of the memory that the process may use: a step that comes past it ends the trials. */
const MEMORY_SHARE = 0.6;
/** A size must be this much faster per item than the best smaller one. */
const WORTH = 1.05;

/** A trial: items a step, and items a second in it. */
export interface BatchTrial {
  size: number;
  perSecond: number;
}

/**
 * The batch size with most items a second: three steps of each size are taken, the faster of the last two
 * counts (either may be the first of its shape, whose graph is made then), and the encoder is put back to where it was. Trials end where a size is refused, memory runs short or a step gets slower by half.
 *
 * @param items   that there are to train on
 * @param planOf  the training with batches of a size, with optimiser and all of its own
 * @param memory  bytes in use and to be had, for tests
 * @throws the refusal, if no size can be used
 */
export function measureBatchSize(
  encoder: Encoder,
  items: number,
  planOf: (size: number) => FitPlan,
  memory: () => { used: number; most: number } = machineMemory,
): { size: number; trials: BatchTrial[] } {
  const start = Object.fromEntries(
    Object.entries(parametersOf(encoder)).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.slice() },
    ]),
  );
  const random = encoder.randomState();
  const trials: BatchTrial[] = [];
  let refusal: unknown = null;
  for (const size of SIZES) {
    if (trials.length > 0 && size > items) break;
    let plan: FitPlan;
    try {
      plan = planOf(size);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusal = error;
      continue;
    }
    const perSecond = speedOf(plan);
    plan.trainer.close();
    if (perSecond === null) continue;
    const best = Math.max(0, ...trials.map((trial) => trial.perSecond));
    trials.push({ size, perSecond });
    const { used, most } = memory();
    if (perSecond < best / 2 || used > MEMORY_SHARE * most) break;
  }
  setParameters(encoder, start);
  if (random) encoder.setRandomState(random);
  if (trials.length === 0)
    throw (
      refusal ?? new UserError(`fit: batchSize auto must find a batch of ${SIZES[0]} items, got ${items}`)
    );
  const chosen = trials.reduce((best, trial) => (trial.perSecond > WORTH * best.perSecond ? trial : best));
  return { size: chosen.size, trials };
}

/** Items a second of the faster of the second and the third step, null if there are no two in which anything is compared. */
function speedOf({ trainer, epoch }: FitPlan): number | null {
  let fastest = 0;
  let steps = 0;
  for (const batch of epoch(0).batches as Iterable<Parameters<typeof trainer.trainStep>[0]>) {
    const began = performance.now();
    if (trainer.trainStep(batch) === null) continue;
    steps++;
    if (steps < 2) continue;
    const size = "items" in batch ? batch.items.size : "left" in batch ? batch.left.size : batch.queries.size;
    fastest = Math.max(fastest, (1000 * size) / (performance.now() - began));
    if (steps === 3) break;
  }
  return fastest > 0 ? fastest : null;
}

function machineMemory(): { used: number; most: number } {
  const { rss } = process.memoryUsage();
  return { used: rss, most: process.constrainedMemory?.() || process.availableMemory?.() || rss * 4 };
}
