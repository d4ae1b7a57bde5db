import { type Command, Option } from "commander";
import { printSummary } from "../../analysis/summary.js";
import {
  changedTable,
  consistencyTable,
  damageTable,
  robustnessTable,
} from "../../analysis/tables/robustness-table.js";
import { CONFLICT_RULES } from "../../datasets/judgements.js";
import { queryConsistency } from "../../evaluation/query-consistency.js";
import { reevaluateRun } from "../../evaluation/reevaluate-run.js";
import { evaluateRobustness } from "../../evaluation/robustness.js";
import {
  changedQueries,
  damageByError,
  robustnessCurves,
  worstQueries,
} from "../../evaluation/robustness-views.js";
import { evaluatedJudgements } from "../../experiment/sections/judgements.js";
import type { Table } from "../../reporting/table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { checkFlags, listOf, probability, refuseUnused, wholeNumber } from "../flags.js";

/** `qdrl evaluate RUN`. */
export function addEvaluateCommand(program: Command): void {
  program
    .command("evaluate")
    .description("evaluate a run's final weights, or one of its checkpoints, again")
    .argument("<run>", "run folder")
    .option("--checkpoint <file>", "use these weights instead of models/model.safetensors")
    .option("--k <list>", "cut-offs, e.g. 10,50,100")
    .option("--typos <list>", "typo probabilities, e.g. 0,0.25,0.5,0.75")
    .option(
      "--judgements <files...>",
      "count further judgements too, of qdrl judge or qrels; measures of partial judgements stand beside the others",
    )
    .addOption(
      new Option(
        "--conflicts <rule>",
        "with --judgements: what counts where judges differ (default: refuse)",
      ).choices([...CONFLICT_RULES]),
    )
    .option("--machines <list>", "with --judgements: judges that are programs and count beside people")
    .option("--judged-queries", "with --judgements: the queries that they judge, alone")
    .option(
      "--robustness",
      "every kind of typo at several probabilities, those the run was trained on and others",
    )
    .option(
      "--models <list>",
      "with --robustness: kinds of typo by name, e.g. typing-german; default: all of English",
    )
    .option(
      "--correct",
      "with --robustness: also with every query's spelling corrected by the words of the documents",
    )
    .option("--consistency", "how near DL-Typo's misspelled searches are embedded to those meant")
    .action(async (dir: string, options: EvaluateFlags) => {
      if (options.consistency || options.robustness)
        refuseUnused(options, ["judgements"], "without --robustness and --consistency");
      if (options.judgements === undefined)
        refuseUnused(options, ["conflicts", "machines", "judgedQueries"], "with --judgements");
      if (options.consistency)
        refuseUnused(options, ["checkpoint", "k", "typos", "robustness"], "without --consistency");
      if (options.robustness) refuseUnused(options, ["k"], "without --robustness");
      else refuseUnused(options, ["models", "correct"], "with --robustness");
      const { k: ks, typos } = checkFlags(options, {
        k: listOf(wholeNumber(1)).optional(),
        typos: listOf(probability).optional(),
      });
      const listener = new TerminalListener();
      if (options.robustness) return showRobustness(dir, options, typos, listener);
      if (options.consistency) {
        const consistency = await queryConsistency(dir, "data/typos", { listener });
        show(consistencyTable([{ name: dir, consistency }]));
        return;
      }
      const run = await reevaluateRun(dir, {
        listener,
        ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
        ...(ks === undefined ? {} : { ks }),
        ...(typos === undefined ? {} : { typoProbabilities: typos }),
        ...(options.judgements && {
          judgements: evaluatedJudgements.parse({
            files: options.judgements,
            queries: options.judgedQueries ? "judged" : "all",
            ...(options.conflicts && { conflicts: options.conflicts }),
            ...(options.machines && { machines: options.machines.split(",") }),
          }),
        }),
      });
      listener.finish();
      printSummary(run);
    });
}

interface EvaluateFlags {
  judgements?: string[];
  conflicts?: string;
  machines?: string;
  judgedQueries?: boolean;
  checkpoint?: string;
  k?: string;
  typos?: string;
  robustness?: boolean;
  models?: string;
  correct?: boolean;
  consistency?: boolean;
}

async function showRobustness(
  dir: string,
  options: EvaluateFlags,
  probabilities: number[] | undefined,
  listener: TerminalListener,
): Promise<void> {
  const { results, misspellableWords } = await evaluateRobustness(dir, {
    listener,
    ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
    ...(options.models === undefined ? {} : { models: options.models.split(",") }),
    ...(probabilities === undefined ? {} : { probabilities }),
    ...(options.correct ? { correct: true } : {}),
  });
  listener.finish();
  const measure = "Recall@10";
  show(robustnessTable(robustnessCurves(results, measure), `${measure} of ${dir} by kind of typo`));
  if (misspellableWords !== null)
    process.stdout.write(
      `real misspellings are known of ${(100 * misspellableWords).toFixed(0)} % of the queries' words\n`,
    );
  const real = changedQueries(results, measure, "real", 1);
  if (real) show(changedTable([{ name: "every word misspelled", damage: real }], measure));
  show(damageTable(damageByError(results, measure), measure));
  process.stdout.write("most hurt:\n");
  for (const { query, clean, misspelled } of worstQueries(results, measure, 5))
    process.stdout.write(`  ${query}: ${clean.toFixed(2)} → ${misspelled.toFixed(2)}\n`);
  process.stdout.write(`page with curves: npm run qdrl -- report ${dir}\n`);
}

function show(table: Table): void {
  process.stdout.write(`${tableTerminal(table, tableLook())}\n`);
}
