import { power } from "../engine/power.js";
import { UserError } from "../files/user-error.js";

/** Factor of the learning rate at step s, counted from 0. */
export type Schedule = (step: number) => number;

/** A schedule in plain data. Steps are optimiser updates. */
export type ScheduleSpec =
  | { kind: "constant"; warmupSteps?: number }
  | { kind: "linear"; warmupSteps?: number; totalSteps: number }
  | { kind: "cosine"; warmupSteps?: number; totalSteps: number }
  | { kind: "cosine_with_restarts"; warmupSteps?: number; totalSteps: number; cycles?: number }
  | { kind: "exponential"; warmupSteps?: number; rate: number; everySteps: number }
  | { kind: "polynomial"; warmupSteps?: number; totalSteps: number; power?: number; floor?: number }
  | { kind: "bounded_cosine"; warmupSteps?: number; totalSteps: number; floor: number }
  | {
      kind: "bounded_cosine_as_published";
      warmupSteps?: number;
      totalSteps: number;
      floor: number;
      ceiling: number;
    };

type Factory = (spec: never) => Schedule;

const factories = new Map<string, Factory>([
  ["constant", ({ warmupSteps }: Warm) => warmed("constant", warmupSteps, () => 1)],
  ["linear", (spec: Timed) => overProgress("linear", spec, (p) => 1 - p)],
  ["cosine", (spec: Timed) => overProgress("cosine", spec, halfCosine)],
  [
    "cosine_with_restarts",
    (spec: Timed & { cycles?: number }) => {
      const { cycles = 1 } = spec;
      check(
        "cosine_with_restarts",
        "cycles",
        cycles,
        Number.isInteger(cycles) && cycles >= 1,
        "an integer ≥ 1",
      );
      return overProgress("cosine_with_restarts", spec, (p) => (p >= 1 ? 0 : halfCosine((cycles * p) % 1)));
    },
  ],
  [
    "exponential",
    ({ warmupSteps, rate, everySteps }: Warm & { rate: number; everySteps: number }) => {
      check("exponential", "rate", rate, rate > 0 && rate <= 1, "in (0, 1]");
      check("exponential", "everySteps", everySteps, everySteps >= 1, "≥ 1");
      return warmed("exponential", warmupSteps, (after) => power(rate, after / everySteps));
    },
  ],
  [
    "polynomial",
    (spec: Timed & { power?: number; floor?: number }) => {
      const { power: exponent = 1, floor = 0 } = spec;
      check("polynomial", "power", exponent, exponent > 0, "> 0");
      check("polynomial", "floor", floor, floor >= 0 && floor <= 1, "in [0, 1]");
      return overProgress("polynomial", spec, (p) => floor + (1 - floor) * power(1 - p, exponent));
    },
  ],
  ["bounded_cosine", boundedCosine],
  ["bounded_cosine_as_published", boundedCosineAsPublished],
]);

interface Warm {
  warmupSteps?: number;
}
interface Timed extends Warm {
  totalSteps: number;
}

/** Makes a schedule available to {@link createSchedule} under `kind`; replaces one of the same name. */
export function registerSchedule<S>(kind: string, factory: (spec: S) => Schedule): void {
  factories.set(kind, factory as Factory);
}

/** Kinds that {@link createSchedule} knows. */
export function scheduleKinds(): string[] {
  return [...factories.keys()];
}

/**
 * Builds the schedule named by `spec.kind`. All warm up on a straight line from 0 at step 0 to 1 at warmupSteps; what
 * decays over totalSteps stays at its end value afterwards.
 *
 * linear 1 − p, cosine ½(1 + cos πp), cosine_with_restarts ½(1 + cos π((c·p) mod 1)) and 0 from p = 1 on,
 * polynomial floor + (1 − floor)(1 − p)^power, exponential rate^(steps after warm-up / everySteps);
 * p = (s − warmup)/(total − warmup) in [0, 1].
 *
 * bounded_cosine: from `floor` on a straight line to 1, then half a cosine back to `floor` (floor = minimum / peak rate).
 * bounded_cosine_as_published: min(ceiling, s/warmup), then max(floor, ½(1 + cos πp)) with p unbounded, so that it rises
 * again after totalSteps: a compatibility mode for the course's runs.
 *
 * @throws RangeError for an unknown kind, listing the known ones, and for options out of range
 * @see specs/2-dense-retrieval-course.md section 6, specs/4-finetuner.md section 8
 */
export function createSchedule(spec: { kind: string }): Schedule {
  const factory = factories.get(spec.kind);
  if (!factory) throw new UserError(`unknown schedule "${spec.kind}"; known: ${scheduleKinds().join(", ")}`);
  return factory(spec as never);
}

function halfCosine(p: number): number {
  return (1 + Math.cos(Math.PI * p)) / 2;
}

function warmed(kind: string, warmupSteps = 0, after: (steps: number) => number): Schedule {
  check(
    kind,
    "warmupSteps",
    warmupSteps,
    Number.isInteger(warmupSteps) && warmupSteps >= 0,
    "an integer ≥ 0",
  );
  return (step) => (step < warmupSteps ? step / warmupSteps : after(step - warmupSteps));
}

function overProgress(
  kind: string,
  { warmupSteps = 0, totalSteps }: Timed,
  f: (p: number) => number,
): Schedule {
  checkTotal(kind, warmupSteps, totalSteps);
  return warmed(kind, warmupSteps, (after) => f(Math.min(1, after / (totalSteps - warmupSteps))));
}

function boundedCosine(spec: Timed & { floor: number }): Schedule {
  const { warmupSteps = 0, totalSteps, floor } = spec;
  checkTotal("bounded_cosine", warmupSteps, totalSteps);
  check("bounded_cosine", "floor", floor, floor >= 0 && floor <= 1, "in [0, 1]");
  const bounded = (share: number) => floor + (1 - floor) * share;
  return (step) =>
    step < warmupSteps
      ? bounded(step / warmupSteps)
      : bounded(halfCosine(Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps))));
}

function boundedCosineAsPublished(spec: Timed & { floor: number; ceiling: number }): Schedule {
  const { warmupSteps = 0, totalSteps, floor, ceiling } = spec;
  checkTotal("bounded_cosine_as_published", warmupSteps, totalSteps);
  return (step) =>
    step < warmupSteps
      ? Math.min(ceiling, step / warmupSteps)
      : Math.max(floor, halfCosine((step - warmupSteps) / (totalSteps - warmupSteps)));
}

function checkTotal(kind: string, warmupSteps: number, totalSteps: number): void {
  check(
    kind,
    "totalSteps",
    totalSteps,
    Number.isInteger(totalSteps) && totalSteps > warmupSteps,
    `an integer > warmupSteps (${warmupSteps})`,
  );
}

function check(kind: string, name: string, value: number, valid: boolean, rule: string): void {
  if (!valid) throw new UserError(`${kind}: ${name} must be ${rule}, got ${value}`);
}
