import fs from "node:fs";
import path from "node:path";
import { z } from "zod";
import { describeRule } from "../../config/describe-issue.js";
import { hashFile } from "../../files/hash-file.js";
import { UserError } from "../../files/user-error.js";
import type { MadeFrom, SourceFile } from "../../reporting/number-source.js";
import type { ResultsRecipe } from "../../reporting/results-source.js";
import { TESTS } from "../../reporting/results-table.js";
import { reportSchema } from "../report-options.js";

const fileSchema = z.object({ run: z.string(), file: z.string(), sha256: z.string().length(64) });

const madeFromSchema = z.object({
  rule: z.string(),
  files: z.array(fileSchema).min(1),
  options: z.record(z.string(), z.unknown()),
});

const recipeSchema: z.ZodType<ResultsRecipe> = z.object({
  title: z.string().nullable(),
  baseline: z.string().nullable(),
  ...{ level: z.number(), alpha: z.number(), resamples: z.int(), seed: z.int(), test: z.enum(TESTS) },
  columns: z.array(z.object({ label: z.string(), set: z.string(), measure: z.string(), typo: z.number() })),
  systems: z.array(
    z.object({
      system: z.string(),
      description: z.string().exactOptional(),
      files: z.array(z.int().min(0)).min(1),
    }),
  ),
});

const reportOptions = reportSchema.omit({ runs: true, output: true });

const comparisonOptions = z.object({
  set: z.string(),
  measure: z.string(),
  typo: z.number(),
  shown: z.int(),
});

const tablesOptions = z.object({ tables: z.array(madeFromSchema).min(1) });

/** What each way of making a table or page takes. */
const schemas = { recipeSchema, reportOptions, comparisonOptions, tablesOptions, madeFromSchema };

/** What a file says it is made from, checked: it may have been written by anybody. @throws UserError */
export function checked<K extends keyof typeof schemas>(
  kind: K,
  value: unknown,
  where: string,
): z.infer<(typeof schemas)[K]> {
  const parsed = schemas[kind].safeParse(value);
  if (parsed.success) return parsed.data as z.infer<(typeof schemas)[K]>;
  const issue = parsed.error.issues[0]!;
  throw new UserError(
    `${where}: what it is made from is damaged, ${issue.path.join(".")} ${describeRule(issue)}`,
  );
}

/**
 * Compares the files that numbers are from with what they were then.
 *
 * @returns a line for each that is another or is missing
 */
export function changedFiles(sources: readonly MadeFrom[]): string[] {
  return distinctFiles(sources).flatMap(({ run, file, sha256 }) => {
    const name = path.join(run, file);
    if (!fs.existsSync(name))
      return [`${name}: must be there, found none; --from names the folder it is below`];
    const found = hashFile(name).sha256;
    if (found === sha256) return [];
    return [`${name}: must have SHA-256 ${sha256.slice(0, 16)}…, got ${found.slice(0, 16)}…`];
  });
}

/** The files of several sources, each once. */
export function distinctFiles(sources: readonly MadeFrom[]): SourceFile[] {
  const files = sources.flatMap((source) => source.files);
  return [...new Map(files.map((file) => [`${file.run}\0${file.file}\0${file.sha256}`, file])).values()];
}
