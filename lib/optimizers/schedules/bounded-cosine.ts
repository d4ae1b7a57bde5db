import { z } from "zod";
import { checkTotal, floorSetting, halfCosine, schedulePart, totalSettings } from "./schedule.js";

/** From `floor` on a straight line to 1, then half a cosine back to `floor` (floor = minimum / peak rate). */
export const boundedCosinePart = schedulePart({
  kind: "bounded_cosine",
  summary: "from a floor to the full rate and by half a cosine back to the floor",
  settings: { ...totalSettings, floor: floorSetting },
  make: ({ warmupSteps, totalSteps, floor }) => {
    const total = checkTotal("bounded_cosine", warmupSteps, totalSteps);
    const bounded = (share: number) => floor + (1 - floor) * share;
    return (step) =>
      step < warmupSteps
        ? bounded(step / warmupSteps)
        : bounded(halfCosine(Math.min(1, (step - warmupSteps) / (total - warmupSteps))));
  },
});

/**
 * min(ceiling, s/warmup), then max(floor, ½(1 + cos πp)) with p unbounded, so that it rises again after totalSteps: a
 * compatibility mode for the course's runs.
 *
 * @see specs/2-dense-retrieval-course.md section 6
 */
export const boundedCosineAsPublishedPart = schedulePart({
  kind: "bounded_cosine_as_published",
  summary: "bounded_cosine as the course's code has it: it rises again after total_steps",
  settings: {
    ...totalSettings,
    floor: z.number().describe("lowest share of the learning rate"),
    ceiling: z.number().describe("highest share of the learning rate during warm-up"),
  },
  make: ({ warmupSteps, totalSteps, floor, ceiling }) => {
    const total = checkTotal("bounded_cosine_as_published", warmupSteps, totalSteps);
    return (step) =>
      step < warmupSteps
        ? Math.min(ceiling, step / warmupSteps)
        : Math.max(floor, halfCosine((step - warmupSteps) / (total - warmupSteps)));
  },
});
