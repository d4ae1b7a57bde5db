import { z } from "zod";
import { UserError } from "../files/user-error.js";

/** Rows of an embedding table. */
export const tableRows = z
  .union([z.int().min(1), z.literal("auto")], { error: "must be a whole number ≥ 1 or auto" })
  .describe(
    "rows of the table; dictionary entries + OOV tokens + buckets must fit. auto: as many as these are, and the run stores the number",
  );

/** Rows of a table in a configuration whose `auto` has been counted. @throws UserError for auto */
export function resolvedRows(rows: number | "auto"): number {
  if (rows === "auto") throw new UserError("num_embeddings: must be resolved to a number first, got auto");
  return rows;
}
