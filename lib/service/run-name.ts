import { z } from "zod";

/** A run as requests name it. */
export const runName = z
  .string()
  .max(300)
  .describe("<experiment>/<run>; may be left out where the service was started with one run");
