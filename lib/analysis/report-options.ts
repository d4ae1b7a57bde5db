import { z } from "zod";
import { loadYaml } from "../config/yaml-with-schema.js";
import { parseMeasure } from "../metrics/measure.js";
import { TESTS } from "../reporting/results-table.js";

const text = z.string().trim().min(1);

/** The name of a measure in its canonical form, "nDCG@10". */
export const measureName = text.refine(isMeasure, { error: "must be a measure such as nDCG@10" });

/** What a report's author may choose; a file for `qdrl report --config` holds it, and options of the command win over it. */
export const reportSchema = z.strictObject({
  runs: z.array(text).min(1).optional().describe("run folders; default: all of reports/runs/tour"),
  output: text.optional().describe("page to write"),
  title: text.optional().describe("heading of the page"),
  text: z
    .union([text, z.array(text).min(1)])
    .transform((given) => (typeof given === "string" ? [given] : given))
    .optional()
    .describe("paragraphs under the answer: what the runs are about"),
  measures: z
    .array(measureName)
    .min(1)
    .optional()
    .describe("columns of the tables; the first also draws curves, slices and differences"),
  baseline: text
    .optional()
    .describe("system that the others are compared with; default: BM25 if it is there, else the first"),
  test: z
    .enum(TESTS)
    .optional()
    .describe(
      "of differences. automatic: paired randomisation for one seed, t over seeds and queries for several; t: paired t-test always; randomisation: always, of the means over seeds",
    ),
  live: z
    .boolean()
    .optional()
    .describe("whether the page carries the systems, to be searched; default: those that add up to 1 MB"),
});

export type ReportFile = z.infer<typeof reportSchema>;

/** The part of it that decides what a page says. */
export type ReportOptions = Omit<ReportFile, "runs" | "output">;

/** Reads a report's YAML. @throws UserError one line per broken rule */
export function readReportFile(file: string): ReportFile {
  return loadYaml(reportSchema, () => [], file);
}

function isMeasure(name: string): boolean {
  try {
    return parseMeasure(name).name === name;
  } catch {
    return false;
  }
}
