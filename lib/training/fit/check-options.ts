import { z } from "zod";
import { describeIssue } from "../../config/describe-issue.js";
import { UserError } from "../../files/user-error.js";
import type { FitOptions } from "./fit-options.js";

/** Every option; what they hold is checked where it is used. */
const known: Record<keyof FitOptions, z.ZodType> = {
  ...{ model: z.unknown(), modelOptions: z.unknown(), trainData: z.unknown(), evalData: z.unknown() },
  ...{ loss: z.unknown(), miner: z.unknown(), negatives: z.unknown(), sampler: z.unknown() },
  ...{ itemsPerClass: z.unknown(), views: z.unknown(), optimizer: z.unknown(), learningRate: z.unknown() },
  ...{ layerWiseDecay: z.unknown(), lossOptimizer: z.unknown(), schedule: z.unknown() },
  ...{ scheduleBy: z.unknown(), epochs: z.unknown(), batchSize: z.unknown(), callbacks: z.unknown() },
  ...{ progress: z.unknown(), clipNorm: z.unknown(), chunkSize: z.unknown(), side: z.unknown() },
  ...{ emptyBatch: z.unknown(), seed: z.unknown(), resume: z.unknown(), engine: z.unknown() },
  ...{ threads: z.unknown(), runDir: z.unknown(), fresh: z.unknown(), name: z.unknown() },
  ...{ evaluation: z.unknown(), signal: z.unknown(), tell: z.unknown() },
};
const schema = z.strictObject(known).partial();

/** What an option needs beside it to mean anything. */
const needs: readonly [keyof FitOptions, keyof FitOptions][] = [
  ["fresh", "runDir"],
  ["name", "runDir"],
  ["evaluation", "runDir"],
  ["scheduleBy", "schedule"],
];

/**
 * Refuses options that would be dropped. The type checker does so where options are written out; options that come from a
 * file, or from JavaScript, are seen here first.
 *
 * @throws UserError naming the option, and the nearest known one
 */
export function checkFitOptions(options: FitOptions): void {
  const parsed = schema.safeParse(options, { reportInput: true });
  if (!parsed.success)
    throw new UserError(
      parsed.error.issues.flatMap((issue) => describeIssue(issue, schema, options, () => "fit")).join("\n"),
    );
  for (const [option, other] of needs)
    if (options[option] !== undefined && options[other] === undefined)
      throw new UserError(`fit: ${option} must be given with ${other} only, got ${show(options[option])}`);
  if (options.modelOptions !== undefined && typeof options.model !== "string")
    throw new UserError("fit: modelOptions must be given with a model's name only, got a model that is made");
  const { sampler = "auto" } = options;
  for (const [option, samplers] of [
    ["itemsPerClass", ["class", "balanced"]],
    ["views", ["instance"]],
  ] as const)
    if (options[option] !== undefined && sampler !== "auto" && !samplers.some((each) => each === sampler))
      throw new UserError(
        `fit: ${option} must be given with sampler ${samplers.join(" or ")} only, got ${options[option]} with sampler ${sampler}`,
      );
}

function show(value: unknown): string {
  return typeof value === "object" ? "an object" : JSON.stringify(value);
}
