import fs from "node:fs";
import { defaultListener, type Listener } from "../engine/progress.js";
import { writeRetrieverRun } from "../evaluation/write-retriever-run.js";
import { formatConfig, loadNeighboursConfig } from "../experiment/load-config.js";
import type { NeighboursConfig } from "../experiment/neighbours-schema.js";
import { UserError } from "../files/user-error.js";
import { openNeighbours } from "../retrieval/retrievers/open-neighbours.js";
import { mayReuse } from "../tracking/reuse-run.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";

/**
 * Evaluates the nearest training queries by a finished encoder's query tower, as one system in a run folder of its own. A
 * folder that holds the finished run of the same configuration, later than the encoder's, is taken as it is.
 *
 * @param options.fresh  start over in any case
 */
export async function runNeighbours(
  config: NeighboursConfig,
  options: { fresh?: boolean; listener?: Listener } = {},
): Promise<RunFolder> {
  const { listener = defaultListener() } = options;
  const run = runFolderOf(config);
  const matches = () => formatConfig(loadNeighboursConfig(run.configFile)) === formatConfig(config);
  if (mayReuse(run, { matches, madeOf: [config.run] }, options)) return run;
  const startedAt = new Date().toISOString();
  const { run: encoderRun, ...system } = await openNeighbours(config, listener);
  try {
    const { seed, dataset, backend } = encoderRun.manifest();
    const { sets: wanted } = config.recall_validation;
    const sets = system.sets.filter((set) => wanted?.includes(set.name) ?? true);
    if (sets.length === 0)
      throw new UserError(
        `recall_validation.sets: must name evaluation sets of the run (${system.sets.map((set) => set.name).join(", ")}), got ${wanted?.join(", ")}`,
      );
    fs.rmSync(run.dir, { recursive: true, force: true });
    await writeRetrieverRun(
      run,
      {
        kind: "neighbours",
        config,
        configText: formatConfig(config),
        startedAt,
        seed,
        dataset,
        backend,
        counts: {},
        retriever: system.retriever,
        sets,
        textColumns: system.textColumns,
        prepare: system.prepare,
      },
      listener,
    );
    return run;
  } finally {
    system.close();
  }
}
