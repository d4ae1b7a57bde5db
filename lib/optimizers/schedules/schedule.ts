import { z } from "zod";
import type { OptionsOf, Part, PartSpec, Settings } from "../../config/part.js";
import { UserError } from "../../files/user-error.js";

/** Factor of the learning rate at step s, counted from 0. Steps are optimiser updates. */
export type Schedule = (step: number) => number;

/** A schedule in plain data. */
export type ScheduleSpec = PartSpec;

/** A schedule as its index holds it. */
export interface AnySchedulePart extends Part {
  make(options: never): Schedule;
}

/** A schedule that declares itself. */
export interface SchedulePart<K extends string, S extends Settings> extends AnySchedulePart {
  readonly kind: K;
  readonly settings: S;
  make(options: OptionsOf<S>): Schedule;
}

/** Checks a declaration: the factory takes the options that the settings describe. */
export function schedulePart<K extends string, S extends Settings>(
  part: SchedulePart<K, S>,
): SchedulePart<K, S> {
  return part;
}

/** Setting of every schedule. */
export const warmUpSettings = {
  warmup_steps: z.int().min(0).default(0).describe("steps from rate 0 to the full rate"),
};

/** Settings of schedules that end. */
export const totalSettings = {
  ...warmUpSettings,
  total_steps: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("steps after which the end is reached; null = all of the run's, which fixes num_epochs"),
};

export const floorSetting = z.number().min(0).max(1).default(0).describe("lowest share of the learning rate");

/** From 0 at step 0 on a straight line to 1 at warmupSteps, then `after`, which counts from there. */
export function warmedUp(warmupSteps: number, after: (steps: number) => number): Schedule {
  return (step) => (step < warmupSteps ? step / warmupSteps : after(step - warmupSteps));
}

/** {@link warmedUp} by the share p of the steps after warm-up that are done; from p = 1 on it stays. */
export function overProgress(
  kind: string,
  { warmupSteps, totalSteps }: { warmupSteps: number; totalSteps: number | null },
  f: (p: number) => number,
): Schedule {
  const total = checkTotal(kind, warmupSteps, totalSteps);
  return warmedUp(warmupSteps, (after) => f(Math.min(1, after / (total - warmupSteps))));
}

/** ½(1 + cos πp) */
export function halfCosine(p: number): number {
  return (1 + Math.cos(Math.PI * p)) / 2;
}

export function checkTotal(kind: string, warmupSteps: number, totalSteps: number | null): number {
  if (totalSteps === null || !(totalSteps > warmupSteps))
    throw new UserError(
      `${kind}: totalSteps must be an integer > warmupSteps (${warmupSteps}), got ${totalSteps}`,
    );
  return totalSteps;
}
