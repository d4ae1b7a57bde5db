import { z } from "zod";
import { registerSchedule } from "../../../lib/optimizers/create-schedule.js";

/** A factor every so many steps. */
registerSchedule(
  "stairs_down",
  ({ everySteps, factor }: { everySteps: number; factor: number }) =>
    (step) =>
      factor ** Math.floor(step / everySteps),
  {
    every_steps: z.int().min(1).default(10).describe("steps on a stair"),
    factor: z.number().positive().default(0.9).describe("from one stair to the next"),
  },
);
