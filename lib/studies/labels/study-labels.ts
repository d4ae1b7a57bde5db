import { type Sweep, sweepFrom } from "../../experiment/load-sweep.js";
import type { Table } from "../../reporting/table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { fixedSweep, studyFolder, writeStudy, writeStudySweep } from "../study-folder.js";
import { trainHere } from "../train-here.js";
import { type LabelStudy, labelStudy } from "./label-study.js";
import { type LabelChoices, type LabelPlan, labelPlan } from "./label-sweep.js";
import { curveTable, forecastTable, labelPage, powerTable } from "./label-tables.js";

export interface StudyLabelsOptions extends LabelChoices {
  /** Changes to every configuration, "key.path=value" each. */
  overrides?: readonly string[] | undefined;
  /** Pairs that people judge in an hour. Default 120, one in half a minute. */
  labelsPerHour?: number | undefined;
  /** Wanted difference of the measure. Default .01. */
  difference?: number | undefined;
  /** Training queries to look ahead to; default: twice and four times the largest size. */
  forecast?: readonly number[] | undefined;
  /** Folder of studies that page, tables and numbers are written to. Default reports/studies. */
  output?: string | undefined;
  /** How the runs are trained; default: one after the other in this process. */
  trainRuns?: (sweep: Sweep) => Promise<RunFolder[]>;
}

/** A learning curve as planned, its sweep written to a file. */
export interface PlannedLabels {
  plan: LabelPlan;
  sweep: Sweep;
  folder: string;
  /** For `qdrl sweep` and `qdrl submit`. */
  sweepFile: string;
}

/** Plans a learning curve and writes its sweep, training nothing. @throws UserError as {@link labelPlan} */
export async function planLabels(file: string, options: StudyLabelsOptions = {}): Promise<PlannedLabels> {
  const { overrides = [], output = "reports/studies" } = options;
  const plan = await labelPlan(file, options, overrides);
  const made = fixedSweep(plan.sweep, overrides);
  const sweep = sweepFrom(made, file);
  const folder = studyFolder(output, made.task_id);
  return { plan, sweep, folder, sweepFile: writeStudySweep(folder, made) };
}

/**
 * Trains a configuration on more and more of its training queries and says what labels bring, what more would, and what the test
 * queries can show. Finished runs are read.
 *
 * @throws UserError as {@link labelPlan} and {@link labelStudy}
 */
export async function studyLabels(
  file: string,
  options: StudyLabelsOptions = {},
): Promise<
  PlannedLabels & { study: LabelStudy; tables: Record<"curve" | "forecast" | "power", Table>; page: string }
> {
  const { labelsPerHour = 120, difference = 0.01, forecast, trainRuns = trainHere } = options;
  const planned = await planLabels(file, options);
  const { plan, folder } = planned;
  const study = labelStudy(plan, await trainRuns(planned.sweep), { labelsPerHour, difference, forecast });
  const tables = {
    curve: curveTable(plan, study),
    forecast: forecastTable(plan, study),
    power: powerTable(plan, study),
  };
  const [{ sweep, ...asked }, { results: _, ...found }] = [plan, study];
  const numbers = { study: "labels", task: sweep.task_id, ...asked, ...found };
  const page = writeStudy(folder, { page: labelPage(plan, study), tables, numbers });
  return { ...planned, study, tables, page };
}
