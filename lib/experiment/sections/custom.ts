import { z } from "zod";

/** A piece of the user's own, registered by name before the configuration is used. */
export const customSection = z
  .strictObject({
    type: z.literal("custom"),
    name: z.string().min(1).describe("as registered, e.g. in a notebook cell"),
    options: z.record(z.string(), z.unknown()).default({}).describe("handed to the registered factory"),
  })
  .describe("registered under a name of its own");
