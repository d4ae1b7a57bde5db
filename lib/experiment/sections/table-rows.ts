import { z } from "zod";

/** Rows of an embedding table. */
export const tableRows = z
  .union([z.int().min(1), z.literal("auto")], { error: "must be a whole number ≥ 1 or auto" })
  .describe(
    "rows of the table; dictionary entries + OOV tokens + buckets must fit. auto: as many as these are, and the run stores the number",
  );
