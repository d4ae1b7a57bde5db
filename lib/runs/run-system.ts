import { openDataset } from "../datasets/open-dataset.js";
import type { Listener } from "../engine/progress.js";
import { writeRetrieverRun } from "../evaluation/write-retriever-run.js";
import type { EvaluationSet } from "../experiment/evaluation-set.js";
import { formatConfig } from "../experiment/load-config.js";
import { withFolderLock } from "../files/folder-lock.js";
import { UserError } from "../files/user-error.js";
import { loadStoredSystemConfig } from "../retrieval/retrievers/load-any-config.js";
import { openRetriever } from "../retrieval/retrievers/open-retriever.js";
import {
  type RetrievalSystem,
  readingOf,
  type SystemConfig,
} from "../retrieval/retrievers/retrieval-system.js";
import { checkPlace, mayReuse } from "../tracking/reuse-run.js";
import { openRun, type RunFolder, runFolderOf } from "../tracking/run-folder.js";

/**
 * Evaluates a system that needs no training of its own into a run folder. A folder that holds the finished run of the same
 * configuration and data, and made of runs that answer as they did then, is reused. Whoever else wants the same run
 * meanwhile waits for it.
 *
 * @param config         what it is made of are run folders here, no configuration files
 * @param options.fresh  start over in any case; the old run is kept until the new one is complete
 * @throws UserError for what the configuration or the data break, and if no evaluation set is left to report on
 */
export async function runSystem<C extends SystemConfig>(
  system: RetrievalSystem<C>,
  config: C,
  options: { fresh?: boolean; listener?: Listener } = {},
): Promise<RunFolder> {
  const line = (text: string) => options.listener?.line?.(text);
  return withFolderLock(runFolderOf(config).dir, () => runAlone(system, config, options), line);
}

async function runAlone<C extends SystemConfig>(
  system: RetrievalSystem<C>,
  config: C,
  options: { fresh?: boolean; listener?: Listener },
): Promise<RunFolder> {
  const { listener = {} } = options;
  const run = runFolderOf(config);
  checkPlace(run, system.system);
  const matches = () => isOf(system, config, run);
  if (mayReuse(run, { matches, madeOf: runsOf(system, config) }, options)) return run;
  const startedAt = new Date().toISOString();
  const madeOf = runsOf(system, config).map((dir) => ({ run: dir, content: openRun(dir).contentOf() }));
  const { origin, ...opened } = await system.open(config, {
    run: null,
    listener,
    openRun: (dir) => openRetriever(dir, { listener }),
  });
  try {
    const sets = setsOf(config, opened.sets);
    await writeRetrieverRun(
      run,
      {
        kind: system.system,
        config: { ...config, name: config.name ?? system.system },
        configText: formatConfig(opened.config),
        startedAt,
        ...origin,
        madeOf,
        retriever: opened.retriever,
        sets,
        textColumns: opened.textColumns,
        prepare: readingOf(opened, origin.dataset.dir).prepare,
      },
      listener,
    );
    return run;
  } finally {
    opened.close();
  }
}

/** What a configuration says that its system is made of: run folders, or configuration files. */
export function runsOf<C extends SystemConfig>({ madeOf }: RetrievalSystem<C>, config: C): string[] {
  if (madeOf === undefined) return [];
  return [(config as unknown as Record<string, string | string[]>)[madeOf]!].flat();
}

/** Whether a run is of a configuration and, where that names a data set, of its present bytes. */
function isOf<C extends SystemConfig>(system: RetrievalSystem<C>, config: C, run: RunFolder): boolean {
  const { dataset_dir: dataset } = config as { dataset_dir?: unknown };
  if (typeof dataset === "string" && run.manifest().dataset.fingerprint !== openDataset(dataset).fingerprint)
    return false;
  const stored = loadStoredSystemConfig(system, run.configFile);
  return system.isSame ? system.isSame(stored, config) : formatConfig(stored) === formatConfig(config);
}

function setsOf({ recall_validation: { sets: wanted } }: SystemConfig, sets: readonly EvaluationSet[]) {
  const chosen = sets.filter((set) => wanted?.includes(set.name) ?? true);
  if (chosen.length === 0)
    throw new UserError(
      `recall_validation.sets: must name evaluation sets of the run (${sets.map((set) => set.name).join(", ")}), got ${wanted?.join(", ")}`,
    );
  return chosen;
}
