import { z } from "zod";
import type { CrossFieldIssue } from "../config/yaml-with-schema.js";
import { sweepNames, sweepOverrides, sweepSeeds } from "./sweep-schema.js";

const part = z.strictObject({
  name: z.string().min(1).describe("what tables call it"),
  without: sweepOverrides.optional().describe("what of the base changes where it is left out"),
  with: sweepOverrides.optional().describe("what of `plain` changes where it is added alone"),
  items: z
    .record(z.string().min(1), z.array(z.unknown()).min(1))
    .optional()
    .describe("key.path: [items] that it puts into a list made of the parts' items alone, in their order"),
  left_out: z.string().min(1).optional().describe("name of the row that lacks it; default: without NAME"),
  alone: z.string().min(1).optional().describe("name of the row that has nothing else; default: NAME alone"),
});

const name = z.string().min(1);

/** A system taken apart: which parts it has, how each is left out, and which of their combinations are trained. */
export const ablationSchema = z.strictObject({
  ...sweepNames,
  base: z.string().min(1).describe("configuration with every part"),
  plain: z
    .string()
    .min(1)
    .optional()
    .describe(
      "configuration without any part, which `with` adds them to; default: the base with all left out",
    ),
  set: sweepOverrides.default({}).describe("changes common to all rows"),
  seeds: sweepSeeds,
  parts: z.array(part).min(1),
  whole: name.default("all parts").describe("name of the row with every part"),
  none: name
    .nullable()
    .default("no part")
    .describe("name of the row without any; null = there is no such system"),
  names: z
    .enum(["by_change", "by_content"])
    .default("by_change")
    .describe("by_content: a row is called by its parts, A + B, the whole and a single part too"),
  left_out: z.boolean().default(true).describe("a row without each part"),
  alone: z.boolean().default(true).describe("a row with each part alone"),
  interactions: z
    .union([z.literal("all"), z.array(z.array(name).length(2))])
    .default([])
    .describe("pairs of parts whose interaction is asked for, or all"),
  design: z
    .enum(["one_by_one", "factorial"])
    .optional()
    .describe(
      "one_by_one: each interaction by one more row, without both; factorial: effects averaged over a two-level design, full or a fraction. Default: factorial where all interactions are asked for",
    ),
  most_rows: z
    .int()
    .min(2)
    .max(1024)
    .default(16)
    .describe(
      "rows of a factorial design; more parts than fit make it a fraction of resolution IV or better",
    ),
});

export type AblationConfig = z.infer<typeof ablationSchema>;

/** Rules between the keys of an ablation. */
export function ablationChecks({
  parts,
  plain,
  alone,
  interactions,
  none,
}: AblationConfig): CrossFieldIssue[] {
  const issues: CrossFieldIssue[] = [];
  const blame = (path: (string | number)[], message: string) => issues.push({ path, message });
  const known = parts.map((one) => one.name);
  parts.forEach((one, i) => {
    if (known.indexOf(one.name) !== i) blame(["parts", i, "name"], `must differ, got "${one.name}" twice`);
    if (one.without === undefined && one.items === undefined)
      blame(["parts", i], `must say how "${one.name}" is left out, by without or items, got neither`);
    if (plain !== undefined && alone && one.with === undefined)
      blame(["parts", i], `must say how "${one.name}" is added to plain, by with, got nothing`);
    if (plain === undefined && one.with !== undefined)
      blame(["parts", i, "with"], "must be left out without plain, got settings");
  });
  if (plain !== undefined && none === null) blame(["none"], "must be a name where plain is given, got null");
  if (interactions === "all") return issues;
  interactions.forEach((pair, i) => {
    const unknown = pair.find((one) => !known.includes(one));
    if (unknown !== undefined)
      blame(["interactions", i], `must name parts (${known.join(", ")}), got "${unknown}"`);
    else if (pair[0] === pair[1]) blame(["interactions", i], `must name two parts, got "${pair[0]}" twice`);
  });
  return issues;
}
