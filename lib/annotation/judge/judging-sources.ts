import path from "node:path";
import { openDataset } from "../../datasets/open-dataset.js";
import { type RankedRun, readTrecRun } from "../../datasets/trec.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { checkDistinct } from "../../files/check-distinct.js";
import { UserError } from "../../files/user-error.js";
import { openRun } from "../../tracking/run-folder.js";
import { systemNames } from "../../tracking/system-names.js";

/** What systems answered, and on which data. */
export interface JudgingSources {
  dataset: { dir: string; name: string; fingerprint: string };
  set: string;
  /** Evaluation set whose documents are searched, where it is another. */
  pool?: string;
  /** Where they are not those of the set. */
  queries?: { id: string; fields: Record<string, string> }[];
  systems: string[];
  /** Of each system, query id → documents, best first. */
  rankings: Map<string, string[]>[];
}

/**
 * Rankings of run folders, as they keep them, or of TREC run files.
 *
 * @param options.set      evaluation set; default: the first of the first run, or of the data set
 * @param options.dataset  folder of the data set that TREC files, or a list without runs, are about
 * @throws UserError for runs of different data, a set that a run did not answer, and files without a data set
 */
export function readJudgingSources(
  places: readonly string[],
  options: { set?: string; dataset?: string; listener?: Listener } = {},
): JudgingSources {
  const { listener = defaultListener() } = options;
  checkDistinct(
    "runs",
    places.map((place) => path.resolve(place)),
  );
  const files = places.filter((place) => /\.(run|trec|txt)$/.test(place));
  if (files.length > 0 && files.length < places.length)
    throw new UserError(`runs: must be all run folders or all TREC run files, got ${places.join(", ")}`);
  if (files.length > 0 || places.length === 0) return fileSources(files, { ...options, listener });
  const runs = places.map(openRun);
  const { dataset } = runs[0]!.manifest();
  const set = options.set ?? runs[0]!.queries()[0]?.set;
  if (set === undefined) throw new UserError(`${runs[0]!.dir}: must have answered queries, got none`);
  const nameOf = systemNames(runs);
  const rankings = runs.map((run) => {
    const { dataset: other } = run.manifest();
    if (other.fingerprint !== dataset.fingerprint)
      throw new UserError(
        `${run.dir}: must be of the data that ${runs[0]!.dir} is of (${dataset.name}, ${dataset.fingerprint.slice(0, 12)}…), got ${other.name}, ${other.fingerprint.slice(0, 12)}…`,
      );
    const results = run.queries();
    const answered = results.filter((result) => result.set === set && result.typo === 0);
    if (answered.length === 0)
      throw new UserError(
        `${run.dir}: must have answered clean queries of set "${set}", got those of ${[...new Set(results.map((result) => result.set))].join(", ") || "none"}`,
      );
    return new Map(answered.map(({ id, top }) => [id, top.map(([document]) => document)]));
  });
  const named = runs.map(nameOf);
  const systems = named.map((name, i) =>
    named.indexOf(name) === named.lastIndexOf(name) ? name : `${name} (${runs[i]!.dir})`,
  );
  return { dataset, set, systems, rankings };
}

function fileSources(
  files: readonly string[],
  { dataset: dir, set, listener }: { dataset?: string; set?: string; listener: Listener },
): JudgingSources {
  if (dir === undefined)
    throw new UserError(
      `dataset: must be given with ${files.length > 0 ? "TREC run files" : "a list and no run"}, got none`,
    );
  const { name, fingerprint, evaluationSets } = openDataset(dir, { verify: "size" });
  const known = evaluationSets.map((one) => one.name);
  const chosen = set ?? known[0];
  if (chosen === undefined || !known.includes(chosen))
    throw new UserError(`set: must be of ${known.join(", ") || "none"}, got ${chosen ?? "none"}`);
  const rankings = files.map((file) => {
    const run: RankedRun = readTrecRun(file, listener);
    return new Map([...run].map(([query, list]) => [query, list.map(({ id }) => id)]));
  });
  const systems = files.map((file) => path.basename(file).replace(/\.\w+$/, ""));
  checkDistinct("names of run files", systems);
  return { dataset: { dir, name, fingerprint }, set: chosen, systems, rankings };
}
