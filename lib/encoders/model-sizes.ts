import { z } from "zod";
import { UserError } from "../files/user-error.js";

/** Most layers of one kind that a model may have; more is a slip of the pen that would fill memory before it is noticed. */
export const MOST_LAYERS = 1000;

/** Numbers of an embedding or a layer. */
export const width = z.int().min(1).max(65_536);

/** Widths of layers, one after the other. */
export const widths = z.array(width).max(MOST_LAYERS);

/** Rows of an embedding table. */
export const tableRows = z
  .union([z.int().min(1), z.literal("auto")], { error: "must be a whole number ≥ 1 or auto" })
  .describe(
    "rows of the table; dictionary entries + OOV tokens + buckets must fit. auto: as many as these are, and the run stores the number",
  );

/** Deviation of a table's starting values. */
export const initialStd = z
  .number()
  .positive()
  .max(100)
  .nullable()
  .default(null)
  .describe(
    "standard deviation of the starting values, which are normal; null = 1/√embedding_dim, so that rows start at length 1 whatever their width. The published system starts at 1",
  );

/** How layers of two towers start. */
export const layerStart = z
  .enum(["apart", "same", "identity"])
  .default("apart")
  .describe(
    "how layers start: drawn for each tower (published); drawn alike for both, so that equal words stay equal; or near the identity of their leading inputs, biases zero, which a small start of the embeddings wants",
  );

/** Rows of a table in a configuration whose `auto` has been counted. @throws UserError for auto */
export function resolvedRows(rows: number | "auto"): number {
  if (rows === "auto") throw new UserError("num_embeddings: must be resolved to a number first, got auto");
  return rows;
}
