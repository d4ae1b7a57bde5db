import type { Command } from "commander";
import {
  changedTable,
  consistencyTable,
  damageTable,
  robustnessTable,
} from "../../analysis/robustness-table.js";
import { printSummary } from "../../analysis/summary.js";
import { queryConsistency } from "../../evaluation/query-consistency.js";
import { reevaluateRun } from "../../evaluation/reevaluate-run.js";
import { evaluateRobustness } from "../../evaluation/robustness.js";
import {
  changedQueries,
  damageByError,
  robustnessCurves,
  worstQueries,
} from "../../evaluation/robustness-views.js";
import { UserError } from "../../files/user-error.js";
import type { Table } from "../../reporting/table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";

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
      "--robustness",
      "every kind of typo at several probabilities, those the run was trained on and others",
    )
    .option("--models <list>", "with --robustness: kinds of typo by name; default: all")
    .option(
      "--correct",
      "with --robustness: also with every query's spelling corrected by the words of the documents",
    )
    .option("--consistency", "how near DL-Typo's misspelled searches are embedded to those meant")
    .action(async (dir: string, options: EvaluateFlags) => {
      const listener = new TerminalListener();
      if (options.robustness) return showRobustness(dir, options, listener);
      if (options.consistency) {
        const consistency = await queryConsistency(dir, "data/typos", { listener });
        show(consistencyTable([{ name: dir, consistency }]));
        return;
      }
      const run = await reevaluateRun(dir, {
        listener,
        ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
        ...(options.k === undefined ? {} : { ks: numbers("--k", options.k, isCutoff) }),
        ...(options.typos === undefined
          ? {}
          : { typoProbabilities: numbers("--typos", options.typos, isProbability) }),
      });
      listener.finish();
      printSummary(run);
    });
}

interface EvaluateFlags {
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
  listener: TerminalListener,
): Promise<void> {
  const { results, misspellableWords } = await evaluateRobustness(dir, {
    listener,
    ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
    ...(options.models === undefined ? {} : { models: options.models.split(",") }),
    ...(options.typos === undefined
      ? {}
      : { probabilities: numbers("--typos", options.typos, isProbability) }),
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

/** What each number of a list must be. */
interface NumberRule {
  is(value: number): boolean;
  words: string;
}

const isCutoff: NumberRule = { is: (k) => Number.isInteger(k) && k >= 1, words: "integers ≥ 1" };
const isProbability: NumberRule = { is: (p) => p >= 0 && p <= 1, words: "numbers in [0, 1]" };

function numbers(flag: string, list: string, { is, words }: NumberRule): number[] {
  return list.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() === "" || !is(value))
      throw new UserError(`${flag}: must be ${words} with commas between, got "${list}"`);
    return value;
  });
}
