import { z } from "zod";

export const sweepOverrides = z
  .record(z.string().min(1), z.unknown())
  .describe("key.path: value, as --set takes them");

export const sweepSeeds = z
  .array(z.int().min(0))
  .min(1)
  .refine((seeds) => new Set(seeds).size === seeds.length, {
    error: "must differ, or one run would count as several",
  })
  .default([1, 2, 3]);

/** What a family of runs is called. */
export const sweepNames = {
  task_id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" })
    .describe("folder of the runs, and name of the tables"),
  title: z.string().min(1).describe("what the sweep asks"),
};

/** A family of runs: a base configuration, what all rows change, what each row changes, and seeds. */
export const sweepSchema = z
  .strictObject({
    ...sweepNames,
    base: z.string().min(1).describe("configuration that every row starts from, from the workspace root"),
    set: sweepOverrides.default({}).describe("changes common to all rows"),
    seeds: sweepSeeds,
    grid: z
      .record(z.string().min(1), z.array(z.unknown()).min(1))
      .optional()
      .describe("key.path: [values]; every combination is a row"),
    rows: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          set: sweepOverrides,
          base: z.string().optional().describe("another configuration for this row alone"),
        }),
      )
      .min(1)
      .optional()
      .describe("rows one by one; with a grid, each is combined with every point of it"),
    baseline: z.string().optional().describe("row that the others are compared with; default: the first"),
    labels: z.record(z.string(), z.string()).default({}).describe("short names of grid keys in row names"),
  })
  .refine((sweep) => Object.keys(sweep.grid ?? {}).length > 0 || sweep.rows !== undefined, {
    path: ["grid"],
    error: "rows, or a grid of at least one key, is required",
  });

export type SweepConfig = z.infer<typeof sweepSchema>;
