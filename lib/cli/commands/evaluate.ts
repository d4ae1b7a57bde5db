import type { Command } from "commander";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { evaluateRun } from "../../training/evaluate-run.js";
import { evaluateRobustness, robustnessCurves, worstQueries } from "../../training/robustness.js";
import { robustnessTable } from "../robustness-table.js";
import { printSummary } from "../summary.js";
import { TerminalListener } from "../terminal.js";

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
    .action(async (dir: string, options: EvaluateFlags) => {
      const listener = new TerminalListener();
      if (options.robustness) return showRobustness(dir, options, listener);
      const run = await evaluateRun(dir, {
        listener,
        ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
        ...(options.k === undefined ? {} : { ks: numbers("--k", options.k) }),
        ...(options.typos === undefined ? {} : { typoProbabilities: numbers("--typos", options.typos) }),
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
    ...(options.typos === undefined ? {} : { probabilities: numbers("--typos", options.typos) }),
  });
  listener.finish();
  const table = robustnessTable(
    robustnessCurves(results, "Recall@10"),
    `Recall@10 of ${dir} by kind of typo`,
  );
  process.stdout.write(`${tableTerminal(table, { color: process.stdout.isTTY === true })}\n`);
  if (misspellableWords !== null)
    process.stdout.write(
      `real misspellings are known of ${(100 * misspellableWords).toFixed(0)} % of the queries' words\n`,
    );
  process.stdout.write("most hurt:\n");
  for (const { query, clean, misspelled } of worstQueries(results, "Recall@10", 5))
    process.stdout.write(`  ${query}: ${clean.toFixed(2)} → ${misspelled.toFixed(2)}\n`);
}

function numbers(flag: string, list: string): number[] {
  return list.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() === "" || !Number.isFinite(value))
      throw new RangeError(`${flag}: must be numbers with commas between, got "${list}"`);
    return value;
  });
}
