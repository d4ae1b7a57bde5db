import { bootstrapInterval, type Interval, shownResampling } from "../metrics/bootstrap.js";
import { formatP } from "../reporting/results-table-view.js";
import { plainTable, type Table } from "../reporting/table.js";
import type { Tuning } from "./load-tuning.js";
import { describeObjective } from "./objectives.js";
import type { TunedTrial, TuneResult } from "./tune.js";

/** Level of the sentence that says whether the tuned configuration is better. */
const LEVEL = 0.05;

/** Every trial with its best stage, best first: the objective on validation queries, with its interval over them. */
export function trialsTable(tuning: Tuning, { trials, winner }: TuneResult): Table {
  const rows = trials
    .filter(({ results }) => results.length > 0)
    .map((trial) => ({ trial, best: bestResult(trial) }))
    .sort((a, b) => b.best.mean - a.best.mean || a.trial.trial - b.trial.trial);
  const { queries } = { queries: rows[0]?.best.values.length ?? 0 };
  const table = plainTable(
    ["trial", "settings", "epochs", describeObjective(tuning.terms), "MB", "stopped"],
    rows.map(({ trial, best }) => [
      trial.trial,
      trial.name,
      best.epochs,
      shown(bootstrapInterval(best.values, shownResampling)),
      best.megabytes.toFixed(2),
      trial.note ?? (trial.trial === winner.trial ? "best" : ""),
    ]),
    {
      title: `Trials of ${tuning.config.task_id}`,
      notes: [
        `${queries} validation queries, one seed. Brackets are 95 % intervals over queries; the best of many is flattered by having been chosen.`,
        ...notTrained(trials),
      ],
    },
  );
  return table;
}

/** What came out, a line each: where the sequence stopped, the winner, and how it did on test queries. */
export function describeTuning(tuning: Tuning, result: TuneResult): string[] {
  const { winner, stoppedBefore, jobsDone, look, looks, tunedFile, sweepFile } = result;
  const begun = result.trials.filter(({ results }) => results.length > 0).length;
  const lines = [
    `${begun} trials begun in ${jobsDone} jobs; ${
      stoppedBefore === null
        ? "the sequence is at its end"
        : `stopped before trial ${stoppedBefore.trial} at ${stoppedBefore.epochs} epochs, where the next call goes on`
    }`,
    winner.trial === 0
      ? `best on validation: the configuration as given, ${winner.epochs} epochs`
      : `best on validation: trial ${winner.trial}, ${winner.epochs} epochs: ${result.trials[winner.trial]!.name}`,
  ];
  if (look === null)
    lines.push(
      winner.trial === 0 && winner.epochs === tuning.reference.num_epochs
        ? "level with the configuration as given: nothing that was tried does better on validation queries"
        : "test queries: not looked at",
    );
  else
    for (const { set, queries, reference, tuned, difference, p } of look.sets)
      lines.push(
        `${set}: ${describeObjective(tuning.terms)} ${tuned.toFixed(3)} against ${reference.toFixed(3)}, ${signed(difference)}, p ${formatP(p)} (${queries} queries, seeds ${tuning.config.final_seeds.join(", ")}): ${verdict(difference, p)}`,
      );
  lines.push(
    `looks at the test queries on record: ${looks}`,
    `configuration: ${tunedFile}`,
    `trials as a sweep: ${sweepFile}`,
  );
  return lines;
}

/** Better or worse where test and interval agree, else level. */
export function verdict({ low, high }: Interval, p: number): "better" | "worse" | "level" {
  if (p >= LEVEL) return "level";
  return low > 0 ? "better" : high < 0 ? "worse" : "level";
}

function bestResult({ results }: TunedTrial): TunedTrial["results"][number] {
  return results.reduce((best, result) => (result.mean > best.mean ? result : best));
}

function notTrained(trials: readonly TunedTrial[]): string[] {
  const left = trials.filter(({ results, note }) => results.length === 0 && note !== null);
  return left.length === 0
    ? []
    : [`Not trained: ${left.map(({ trial, note }) => `trial ${trial}, ${note}`).join("; ")}.`];
}

function shown({ mean, low, high }: Interval): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function signed({ mean, low, high }: Interval): string {
  const text = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
  return `${text(mean)} [${text(low)}, ${text(high)}]`;
}
