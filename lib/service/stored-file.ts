import { z } from "zod";

/** SHA-256 in hex, as a request gives it. */
export const sha256Schema = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, { error: "must be 64 hexadecimal digits" })
  .describe("SHA-256 of the bytes sent; others are refused");

/** A flag in an address. */
export const yesNo = z.enum(["true", "false"]).transform((text) => text === "true");

/** What is known of a file that was uploaded or made. */
export const storedFile = z.object({
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  public: z.boolean(),
  createdAt: z.string(),
});
