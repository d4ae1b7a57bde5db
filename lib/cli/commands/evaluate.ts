import type { Command } from "commander";
import { evaluateRun } from "../../training/evaluate-run.js";
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
    .action(async (dir: string, options: { checkpoint?: string; k?: string; typos?: string }) => {
      const listener = new TerminalListener();
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

function numbers(flag: string, list: string): number[] {
  return list.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() === "" || !Number.isFinite(value))
      throw new RangeError(`${flag}: must be numbers with commas between, got "${list}"`);
    return value;
  });
}
