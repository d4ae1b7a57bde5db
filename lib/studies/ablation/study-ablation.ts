import { type Sweep, sweepFrom } from "../../experiment/load-sweep.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { fixedSweep, studyFolder, writeStudy, writeStudySweep } from "../study-folder.js";
import { trainHere } from "../train-here.js";
import { type AblationStudy, ablationStudy } from "./ablation-study.js";
import { type AblationChoices, type LoadedAblation, loadAblation } from "./load-ablation.js";

export interface StudyAblationOptions extends AblationChoices {
  /** Changes to every configuration, "key.path=value" each. */
  overrides?: readonly string[] | undefined;
  /** Instead of the file's. */
  seeds?: readonly number[] | undefined;
  /** Evaluation set; default: the first. */
  set?: string | undefined;
  /** Default: nDCG@10 where it is measured, else Recall@10. */
  measure?: string | undefined;
  /** Folder of studies that page, tables and numbers are written to. Default reports/studies. */
  output?: string | undefined;
  /** How the runs are trained; default: one after the other in this process. */
  trainRuns?: (sweep: Sweep) => Promise<RunFolder[]>;
}

/** An ablation as planned, its sweep written to a file. */
export interface PlannedAblation {
  plan: LoadedAblation;
  sweep: Sweep;
  folder: string;
  /** For `qdrl sweep` and `qdrl submit`. */
  sweepFile: string;
}

/** Plans an ablation and writes its sweep, training nothing. @throws UserError as {@link loadAblation} */
export function planAblation(file: string, options: StudyAblationOptions = {}): PlannedAblation {
  const { overrides = [], output = "reports/studies" } = options;
  const plan = loadAblation(file, options, overrides);
  const made = fixedSweep(plan.sweep, overrides, options.seeds);
  const sweep = sweepFrom(made, file);
  const folder = studyFolder(output, made.task_id);
  return { plan, sweep, folder, sweepFile: writeStudySweep(folder, made) };
}

/**
 * Takes a system apart: trains it without each part, with each alone, and what else is asked for, and tests what each brings.
 * Finished runs are read.
 *
 * @throws UserError as {@link loadAblation} and {@link ablationStudy}
 */
export async function studyAblation(
  file: string,
  options: StudyAblationOptions = {},
): Promise<PlannedAblation & { study: AblationStudy; pageFile: string }> {
  const { trainRuns = trainHere } = options;
  const planned = planAblation(file, options);
  const study = ablationStudy(planned.plan, await trainRuns(planned.sweep), options);
  const { page, table, numbers } = study;
  const pageFile = writeStudy(planned.folder, { page, tables: { parts: table }, numbers });
  return { ...planned, study, pageFile };
}
