import { z } from "zod";
import { power } from "../../engine/power.js";
import { schedulePart, warmedUp, warmUpSettings } from "./schedule.js";

/** rate^(steps after warm-up / everySteps) */
export const exponentialPart = schedulePart({
  kind: "exponential",
  summary: "a constant factor per so many steps",
  settings: {
    ...warmUpSettings,
    rate: z.number().gt(0).max(1).describe("factor per every_steps"),
    every_steps: z.int().min(1).describe("steps in which the rate falls by that factor"),
  },
  make: ({ warmupSteps, rate, everySteps }) =>
    warmedUp(warmupSteps, (after) => power(rate, after / everySteps)),
});
