import { z } from "zod";
import { power } from "../../engine/power.js";
import { floorSetting, overProgress, schedulePart, totalSettings } from "./schedule.js";

/** 1 − p */
export const linearPart = schedulePart({
  kind: "linear",
  summary: "on a straight line to 0",
  settings: totalSettings,
  make: (options) => overProgress("linear", options, (p) => 1 - p),
});

/** floor + (1 − floor)(1 − p)^power */
export const polynomialPart = schedulePart({
  kind: "polynomial",
  summary: "a power of the share of steps left, down to a floor",
  settings: {
    ...totalSettings,
    power: z.number().positive().default(1).describe("1 = a straight line"),
    floor: floorSetting,
  },
  make: ({ power: exponent, floor, ...steps }) =>
    overProgress("polynomial", steps, (p) => floor + (1 - floor) * power(1 - p, exponent)),
});
