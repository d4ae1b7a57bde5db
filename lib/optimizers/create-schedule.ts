import type { CustomSection, SectionOf, Settings } from "../config/part.js";
import { PartRegistry } from "../config/part-registry.js";
import { boundedCosineAsPublishedPart, boundedCosinePart } from "./schedules/bounded-cosine.js";
import { constantPart } from "./schedules/constant.js";
import { cosinePart, cosineWithRestartsPart } from "./schedules/cosine.js";
import { exponentialPart } from "./schedules/exponential.js";
import { linearPart, polynomialPart } from "./schedules/polynomial.js";
import type { AnySchedulePart, Schedule } from "./schedules/schedule.js";

/** Schedules that come with the workspace. A new one is a line here. */
const builtIn = [
  constantPart,
  linearPart,
  cosinePart,
  cosineWithRestartsPart,
  exponentialPart,
  polynomialPart,
  boundedCosinePart,
  boundedCosineAsPublishedPart,
] as const;

/** Section `schedule` of a configuration. */
export type ScheduleConfig = SectionOf<(typeof builtIn)[number], Record<never, never>> | CustomSection;

/** Schedules of the learning rate, by kind. */
export const schedules = new PartRegistry<AnySchedulePart, ScheduleConfig>("schedule", builtIn);

/**
 * Makes a schedule available under `kind`, in code and as `schedule: {type: kind, …}` in YAML; replaces one of the same
 * name.
 *
 * @param settings  its keys as YAML spells them, with defaults; without, options are handed over unchecked
 */
export function registerSchedule<Options>(
  kind: string,
  make: (options: Options) => Schedule,
  settings: Settings | null = null,
): void {
  schedules.register({ kind, summary: "registered", settings, make });
}

/** Kinds that {@link createSchedule} knows. */
export function scheduleKinds(): string[] {
  return schedules.kinds();
}

/**
 * Builds the schedule named by `spec.kind`. All but bounded_cosine warm up on a straight line from 0 at step 0 to 1 at
 * warmupSteps; what decays over totalSteps stays at its end value afterwards. In the formulas of the parts,
 * p = (s − warmup)/(total − warmup) in [0, 1].
 *
 * @throws RangeError for an unknown kind or option, listing the known ones, and for options out of range
 * @see specs/2-dense-retrieval-course.md section 6, specs/4-finetuner.md section 8
 */
export function createSchedule(spec: { kind: string }): Schedule {
  const { part, options } = schedules.resolve(spec);
  return part.make(options as never);
}
