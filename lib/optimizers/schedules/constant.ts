import { schedulePart, warmedUp, warmUpSettings } from "./schedule.js";

/** 1 after warm-up. */
export const constantPart = schedulePart({
  kind: "constant",
  summary: "the full rate after warm-up",
  settings: warmUpSettings,
  make: ({ warmupSteps }) => warmedUp(warmupSteps, () => 1),
});
