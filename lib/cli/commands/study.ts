import path from "node:path";
import { type Command, Option } from "commander";
import { z } from "zod";
import type { Sweep } from "../../experiment/load-sweep.js";
import { sweepNames } from "../../experiment/sweep-schema.js";
import { UserError } from "../../files/user-error.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { runSweep } from "../../runs/run-sweep.js";
import { designNotes } from "../../studies/ablation/ablation-table.js";
import { planAblation, studyAblation } from "../../studies/ablation/study-ablation.js";
import { labelAnswer } from "../../studies/labels/label-tables.js";
import { planLabels, studyLabels } from "../../studies/labels/study-labels.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { checkFlags, finiteNumber, listOf, probability, seedList, wholeNumber } from "../flags.js";

const runName = sweepNames.task_id;

/** A number above 0 as text. */
const positive = finiteNumber.refine((value) => value > 0, { error: "must be > 0" });

interface StudyFlags {
  workers: string;
  seeds?: string;
  set?: string[];
  name?: string;
  evalSet?: string;
  measure?: string;
  plan?: boolean;
  output: string;
}

interface AblationFlags extends StudyFlags {
  parts?: string;
  interactions?: string;
  design?: "one_by_one" | "factorial";
  mostRows?: string;
}

interface LabelFlags extends StudyFlags {
  sizes?: string;
  forecast?: string;
  difference: string;
  labelsPerHour?: string;
  minutesPerLabel?: string;
  typo?: string;
  mostEpochs?: string;
}

/** `qdrl study ablation CONFIG`, `qdrl study labels CONFIG`. */
export function addStudyCommands(program: Command): void {
  const study = program
    .command("study")
    .description("questions that take a family of runs: what each part brings, how many labels are enough");
  withRunOptions(
    study
      .command("ablation")
      .description(
        "each part of a system left out and alone, interactions where asked, one table with tests; goes on where it was stopped",
      )
      .argument(
        "<config>",
        "parts, e.g. configs/studies/typo-recipes.yaml; or an experiment with a base, e.g. configs/emoji/starter.yaml",
      )
      .option("--parts <list>", "only these parts; the others stay as they are")
      .option("--interactions <list>", "all, or pairs of parts, e.g. masks:n-grams,typos:model")
      .addOption(
        new Option(
          "--design <name>",
          "one_by_one, or factorial: effects averaged over a full design or a fraction (default where all interactions are asked for)",
        ).choices(["one_by_one", "factorial"]),
      )
      .option("--most-rows <n>", "rows of a factorial design, beyond which it is a fraction (default: 16)"),
  ).action(ablation);
  withRunOptions(
    study
      .command("labels")
      .description(
        "a learning curve over training queries, what more labels would bring, and what the test queries can show; goes on where it was stopped",
      )
      .argument("<config>", "an experiment, e.g. configs/emoji/starter.yaml")
      .option(
        "--sizes <list>",
        "training queries of each point (default: all, and halves down to a sixteenth)",
      )
      .option(
        "--forecast <list>",
        "training queries to look ahead to (default: twice and four times the largest)",
      )
      .option("--difference <x>", "wanted, of the measure", "0.01")
      .option("--labels-per-hour <n>", "that people judge (default: 120)")
      .option("--minutes-per-label <x>", "instead of --labels-per-hour")
      .option("--typo <p>", "probability of a typo per word (default: 0)")
      .option("--most-epochs <n>", "of small sizes, to come to as many steps as all data (default: 30)"),
  ).action(labels);
}

async function labels(file: string, typed: LabelFlags): Promise<void> {
  const flags = checkFlags(typed, {
    workers: wholeNumber(1, 256),
    seeds: seedList.optional(),
    sizes: listOf(wholeNumber(1)).optional(),
    forecast: listOf(wholeNumber(1)).optional(),
    difference: positive,
    labelsPerHour: positive.optional(),
    minutesPerLabel: positive.optional(),
    typo: probability.optional(),
    mostEpochs: wholeNumber(1).optional(),
    name: runName.optional(),
  });
  const { name, seeds, sizes, typo, mostEpochs, measure, minutesPerLabel, forecast, difference, output } =
    flags;
  if (flags.labelsPerHour !== undefined && minutesPerLabel !== undefined)
    throw new UserError("study: either --labels-per-hour or --minutes-per-label must be given, got both");
  const options = {
    ...{ name, seeds, sizes, typo, mostEpochs, measure, forecast, difference, output },
    ...{ overrides: typed.set, set: typed.evalSet },
    labelsPerHour: minutesPerLabel === undefined ? flags.labelsPerHour : 60 / minutesPerLabel,
    trainRuns: (sweep: Sweep) => trained(sweep, flags.workers),
  };
  if (typed.plan) {
    const { sweep, sweepFile } = await planLabels(file, options);
    return printPlan(sweep, sweepFile, []);
  }
  const { plan, study, tables, page, folder } = await studyLabels(file, options);
  for (const table of Object.values(tables)) process.stdout.write(`${tableTerminal(table, tableLook())}\n\n`);
  printEnd(labelAnswer(plan, study), page, folder);
}

function printEnd(answer: readonly string[], page: string, folder: string): void {
  for (const line of answer) process.stdout.write(`${line}\n`);
  process.stdout.write(`page: ${page}\nnumbers: ${path.join(folder, "study.json")}\n`);
}

function withRunOptions(command: Command): Command {
  return command
    .option("-j, --workers <n>", "worker processes", "2")
    .option("--seeds <list>", "instead of the file's, e.g. 1,2,3")
    .option("--name <id>", "folder of the runs and results (default: told by the file)")
    .option("--set <key=value...>", "override a key in every run")
    .option("--eval-set <name>", "evaluation set (default: the first)")
    .option("--measure <name>", "default: nDCG@10 where it is measured, else Recall@10")
    .option("--plan", "write the sweep and say what it is, train nothing")
    .option("-o, --output <dir>", "folder for page, tables and numbers", "reports/studies");
}

async function ablation(file: string, typed: AblationFlags): Promise<void> {
  const flags = checkFlags(typed, {
    workers: wholeNumber(1, 256),
    seeds: seedList.optional(),
    parts: listOf(z.string().min(1)).optional(),
    mostRows: wholeNumber(2, 1024).optional(),
    name: runName.optional(),
  });
  const { name, seeds, parts, mostRows, design, measure, output } = flags;
  const options = {
    ...{ name, seeds, parts, mostRows, design, measure, output, overrides: typed.set, set: typed.evalSet },
    interactions: askedInteractions(typed.interactions),
    trainRuns: (sweep: Sweep) => trained(sweep, flags.workers),
  };
  if (typed.plan) {
    const { plan, sweep, sweepFile } = planAblation(file, options);
    return printPlan(sweep, sweepFile, designNotes(plan));
  }
  const { study, folder, pageFile } = await studyAblation(file, options);
  process.stdout.write(
    `${resultsTerminal(study.results, tableLook())}\n${tableTerminal(study.table, tableLook())}\n`,
  );
  printEnd(study.page.answer, pageFile, folder);
}

function askedInteractions(text: string | undefined): "all" | [string, string][] | undefined {
  if (text === undefined || text === "all") return text;
  return text.split(",").map((pair) => {
    const names = pair.split(":").map((name) => name.trim());
    if (names.length !== 2)
      throw new UserError(`--interactions: must be all, or pairs such as a:b, got "${pair}"`);
    return names as [string, string];
  });
}

function printPlan(sweep: Sweep, sweepFile: string, notes: readonly string[]): void {
  process.stdout.write(`${sweep.rows.length} rows, ${sweep.runs.length} runs\n`);
  for (const row of sweep.rows) process.stdout.write(`  ${row}\n`);
  for (const note of notes) process.stdout.write(`${note}\n`);
  process.stdout.write(
    `sweep: ${sweepFile} (npm run qdrl -- sweep ${sweepFile} --row N trains one run; the study then reads it)\n`,
  );
}

/** The finished runs of a sweep, those missing trained. */
async function trained(sweep: Sweep, workers: number): Promise<RunFolder[]> {
  const listener = new TerminalListener();
  const { runs, failed, trained: count, seconds } = await runSweep(sweep, { workers, listener });
  listener.finish();
  process.stdout.write(
    `${count} runs trained in ${humanTime(seconds)}, ${runs.length} of ${sweep.runs.length} finished\n`,
  );
  const [first] = failed;
  if (first !== undefined)
    throw new UserError(
      `study: every run must finish, got ${failed.length} that failed (${first.row}, seed ${first.seed}: ${first.message})`,
    );
  return runs;
}
