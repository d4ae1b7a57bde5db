import { statSync } from "node:fs";
import path from "node:path";
import { judgedQrels, type QrelsOptions, readJudgements } from "../../datasets/judgements.js";
import { type Qrels, readQrels, readTrecRun, trecId } from "../../datasets/trec.js";
import { defaultListener } from "../../engine/progress.js";
import { checkDistinct } from "../../files/check-distinct.js";
import { UserError } from "../../files/user-error.js";
import { parseMeasure } from "../../metrics/measure.js";
import { partialMeasures } from "../../metrics/partial-measures.js";
import { scoreRun } from "../../metrics/score-run.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";

export interface TrecTableOptions {
  measures: readonly string[];
  /** File that the others are compared with; default: the first. */
  baseline?: string;
  /** See evaluateRun. */
  queries?: "judged" | "relevant" | "answered";
  /** Judgements are partial: measures on condensed lists, the share judged and bpref beside each. */
  partial?: boolean;
  /** What counts where the judges of a file of qdrl judge differ. */
  judges?: QrelsOptions;
  listener?: { line?(text: string): void };
}

/**
 * Scores TREC run files against judgements with trec_eval's semantics: a table with intervals, and tests against one of
 * them. Systems are called as their files are, without folder and ending.
 *
 * @throws RangeError for files of one name, a baseline that is none of them, a file that answers no judged query, or
 * "answered" queries that differ from file to file
 */
export function trecTable(
  qrelsFile: string,
  files: readonly string[],
  options: TrecTableOptions,
): ResultsTable {
  const { queries: which = "judged", listener = defaultListener() } = options;
  const measures = options.partial
    ? partialMeasures(options.measures)
    : options.measures.map((name) => parseMeasure(name).name);
  checkDistinct("measures", measures);
  const { baseline = files[0]! } = options;
  if (!files.some((file) => nameOf(file) === nameOf(baseline)))
    throw new UserError(`baseline: must be one of the run files (${files.join(", ")}), got ${baseline}`);
  const qrels = qrelsFile.endsWith(".jsonl") ? readJudged(qrelsFile, options.judges) : readQrels(qrelsFile);
  let first: string[] | null = null;
  const systems = files.map((file) => {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
      throw new UserError(
        `${file}: must be a TREC run file, got a folder; qdrl trec export writes the files of a run folder`,
      );
    const run = readTrecRun(file, listener);
    if (![...run.keys()].some((query) => qrels.has(query)))
      throw new UserError(
        `${file}: must answer a query of ${qrelsFile}, such as ${[...qrels.keys()][0]}, got ${[...run.keys()][0] ?? "no line"}`,
      );
    const { queries, values, unjudgedQueries } = scoreRun(qrels, run, measures, { queries: which });
    if (queries.length === 0)
      throw new UserError(`${file}: must answer a query of ${qrelsFile} that counts as ${which}, got none`);
    if (unjudgedQueries.length > 0)
      listener.line?.(
        `${file}: ${unjudgedQueries.length} queries without judgements are left out, such as ${unjudgedQueries[0]}`,
      );
    first ??= queries;
    if (queries.join("\n") !== first.join("\n"))
      throw new UserError(
        `${file}: must answer the same queries as ${files[0]} (${first.length}), got ${queries.length} others; compare over all judged queries`,
      );
    return {
      system: nameOf(file),
      runs: [{ seed: 0, dir: file }],
      values: Object.fromEntries(measures.map((name) => [name, [values[name]!]])),
    };
  });
  return resultsTable(systems, {
    title: path.basename(qrelsFile),
    baseline: nameOf(baseline),
    metrics: measures,
  });
}

/** Ids as run files hold them. */
function readJudged(file: string, options: QrelsOptions = {}): Qrels {
  return new Map(
    [...judgedQrels([readJudgements(file)], options)].map(([query, grades]) => [
      trecId(query),
      new Map([...grades].map(([document, grade]) => [trecId(document), grade])),
    ]),
  );
}

function nameOf(file: string): string {
  return path.basename(file).replace(/\.(run|trec|txt)$/, "");
}
