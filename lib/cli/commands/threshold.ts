import type { Command } from "commander";
import { saveThreshold } from "../../evaluation/run-threshold.js";
import { UserError } from "../../files/user-error.js";
import { TerminalListener } from "../../reporting/terminal.js";
import type { ThresholdCriterion } from "../../retrieval/retrievers/threshold.js";
import { checkFlags, listOf, probability, wholeNumber } from "../flags.js";

interface Options {
  precision?: string;
  typos: string;
  top: string;
}

/** `qdrl threshold RUN`. */
export function addThresholdCommand(program: Command): void {
  program
    .command("threshold")
    .description("choose the score under which a run's search returns nothing, on its validation data")
    .argument("<run>", "run folder, e.g. reports/runs/tour/starter")
    .option(
      "--precision <p>",
      "the lowest threshold with this share of relevant answers; default: the best F1",
    )
    .option("--typos <list>", "misspell the validation queries with these probabilities, e.g. 0,0.5", "0")
    .option("-k, --top <n>", "answers looked at of each query", "10")
    .action(async (dir: string, options: Options) => {
      const {
        top: answers,
        typos,
        precision,
      } = checkFlags(options, {
        top: wholeNumber(1),
        typos: listOf(probability),
        precision: probability.optional(),
      });
      const listener = new TerminalListener();
      const criterion = criterionOf(precision);
      const saved = await saveThreshold(dir, { criterion, typos, answers, listener });
      listener.finish();
      if (saved === null)
        throw new UserError(`threshold: some score must meet ${wanted(criterion)}, got none`);
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
      process.stdout.write(
        `threshold ${saved.threshold.toFixed(4)} (${wanted(criterion)}, ${saved.queries} validation queries): precision ${percent(saved.precision)}, recall ${percent(saved.recall)}, no answer for ${percent(saved.silent)} of queries\nsaved in ${dir}/threshold.json; qdrl search uses it\n`,
      );
    });
}

function criterionOf(precision: number | undefined): ThresholdCriterion {
  return precision === undefined ? { kind: "f1" } : { kind: "precision", target: precision };
}

function wanted(criterion: ThresholdCriterion): string {
  return criterion.kind === "f1" ? "best F1" : `precision ≥ ${criterion.target}`;
}
