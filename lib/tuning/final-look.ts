import type { Listener } from "../engine/progress.js";
import type { SweepRun } from "../experiment/load-sweep.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { UserError } from "../files/user-error.js";
import { bootstrapInterval, type Interval, shownResampling } from "../metrics/bootstrap.js";
import { pairedRandomizationTest } from "../metrics/randomization-test.js";
import { perQueryMeans } from "../metrics/seeds-and-queries.js";
import { isFinished, runSweep } from "../runs/run-sweep.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import type { Job } from "./halving.js";
import type { Tuning } from "./load-tuning.js";
import { measuringOverrides, objectiveValues } from "./objectives.js";
import type { Settings } from "./settings.js";
import type { TuningFolder } from "./tuning-folder.js";

/** Two configurations on one set of test queries. */
export interface LookedAt {
  set: string;
  queries: number;
  /** mean objective over queries and seeds */
  reference: number;
  tuned: number;
  /** tuned less reference, paired by query, with its 95 % bootstrap interval over queries */
  difference: Interval;
  p: number;
}

export interface FinalLook {
  sets: LookedAt[];
  runs: RunFolder[];
}

/**
 * Trains the configuration as given and the winner with fresh seeds and compares them on the test sets. The look is written
 * down before; runs that are finished already are read, which is no further look.
 */
export async function lookAtTest(
  tuning: Tuning,
  folder: TuningFolder,
  settings: Settings,
  winner: Job,
  { workers = 2, listener }: { workers?: number; listener: Listener },
): Promise<FinalLook> {
  const { config, terms, reference } = tuning;
  const asked = reference.recall_validation.sets?.filter((set) => set !== "validation");
  const measured = measuringOverrides(terms);
  delete measured["recall_validation.sets"];
  const identity = (row: string, seed: number) => ({
    ...measured,
    ...(asked !== undefined && asked.length > 0 && { "recall_validation.sets": asked }),
    task_id: config.task_id,
    run_id: `final-${row}-seed${seed}`,
    name: row,
    seed,
    keep_checkpoints: 0,
  });
  const named = `trial-${String(winner.trial).padStart(4, "0")}-epochs-${winner.epochs}`;
  const rows: [string, (seed: number) => ExperimentConfig][] = [
    ["reference", (seed) => tuning.referenceConfig(identity("reference", seed))],
    [named, (seed) => tuning.trialConfig(settings, { ...identity(named, seed), num_epochs: winner.epochs })],
  ];
  const runs = config.final_seeds.flatMap((seed) =>
    rows.map(([row, make]): SweepRun => ({ row, seed, config: make(seed) })),
  );
  if (!runs.every((run) => isFinished(run.config)))
    folder.writeLook({ ...winner, seeds: config.final_seeds, sets: asked ?? ["all"] });
  const { failed } = await runSweep({ config: { task_id: config.task_id }, runs }, { workers, listener });
  if (failed.length > 0)
    throw new UserError(`tune: the final runs must finish, got ${failed[0]!.row}: ${failed[0]!.message}`);
  const folders = (row: string) =>
    runs.filter((run) => run.row === row).map((run) => runFolderOf(run.config));
  const [first, second] = [folders("reference"), folders(named)];
  const sets = [...new Set(first[0]!.queries().map(({ set }) => set))];
  return {
    runs: [...first, ...second],
    sets: sets.map((set): LookedAt => {
      const of = (found: RunFolder[]) =>
        perQueryMeans(found.map((run) => objectiveValues(run.queries(), set, terms)));
      const [a, b] = [of(first), of(second)];
      const differences = b.map((value, q) => value - a[q]!);
      const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        set,
        queries: a.length,
        reference: mean(a),
        tuned: mean(b),
        difference: bootstrapInterval(differences, shownResampling),
        p: pairedRandomizationTest(b, a).p,
      };
    }),
  };
}
