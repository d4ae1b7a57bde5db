import { z } from "zod";
import { halfCosine, overProgress, schedulePart, totalSettings } from "./schedule.js";

/** ½(1 + cos πp) */
export const cosinePart = schedulePart({
  kind: "cosine",
  summary: "half a cosine to 0",
  settings: totalSettings,
  make: (options) => overProgress("cosine", options, halfCosine),
});

/** ½(1 + cos π((c·p) mod 1)), and 0 from p = 1 on. */
export const cosineWithRestartsPart = schedulePart({
  kind: "cosine_with_restarts",
  summary: "half cosines one after the other",
  settings: {
    ...totalSettings,
    cycles: z.int().min(1).default(1).describe("half cosines one after the other"),
  },
  make: ({ cycles, ...steps }) =>
    overProgress("cosine_with_restarts", steps, (p) => (p >= 1 ? 0 : halfCosine((cycles * p) % 1))),
});
