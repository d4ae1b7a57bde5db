import type { Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { comparePage } from "../../reporting/compare-page.js";
import { htmlPage } from "../../reporting/html-page.js";
import type { MadeFrom } from "../../reporting/number-source.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import { openRun, RunFolder } from "../../tracking/run-folder.js";
import { compareRuns } from "../compare-runs.js";
import { compareTwoRuns } from "../comparison.js";
import { composeReport } from "../report-page.js";
import { tablesPage } from "../tables/write-table.js";
import { checked } from "./made-from-schema.js";

/** A table of results, made again from the per-query files that it names. */
export function makeResultsAgain(source: MadeFrom, where: string): ResultsTable {
  if (source.rule !== "results")
    throw new UserError(`${where}: its table must be made by the rule "results", got "${source.rule}"`);
  const { title, baseline, systems, columns, ...how } = checked("recipeSchema", source.options, where);
  const named = systems.flatMap(({ system, files }) =>
    files.map((at) => {
      const file = source.files[at];
      if (file === undefined)
        throw new UserError(`${where}: what it is made from is damaged, it has no file ${at}`);
      return { system, run: new RunFolder(file.run) };
    }),
  );
  const nameOf = new Map(named.map(({ system, run }) => [run, system]));
  const compared = compareRuns(
    named.map(({ run }) => run),
    columns,
    (run) => nameOf.get(run)!,
  ).map((found, i) => ({ ...found, ...systems[i] }));
  const metrics = columns.map(({ label }) => label);
  return resultsTable(compared, { ...(title !== null && { title }), baseline, metrics, ...how });
}

type Maker = (source: MadeFrom, where: string, listener: Listener) => Promise<string>;

const pages: Readonly<Record<string, Maker>> = {
  report: async (source, where, listener) => {
    const given = checked("reportOptions", source.options, where);
    return (await composeReport(runsOf(source).map(openRun), { ...given, listener })).html;
  },
  comparison: async (source, where) => {
    const [a, b] = runsOf(source);
    if (a === undefined || b === undefined)
      throw new UserError(`${where}: what it is made from is damaged, it must name two runs`);
    const options = checked("comparisonOptions", source.options, where);
    return htmlPage(comparePage(await compareTwoRuns(openRun(a), openRun(b), options)));
  },
  tables: async (source, where) => {
    const { tables } = checked("tablesOptions", source.options, where);
    return tablesPage(
      tables.map((table) => makeResultsAgain(table, where)),
      null,
    );
  },
};

/** A page made again, by the rule that it names. @throws UserError for a rule that is not known */
export async function makePageAgain(source: MadeFrom, where: string, listener: Listener): Promise<string> {
  const make = Object.hasOwn(pages, source.rule) ? pages[source.rule] : undefined;
  if (make === undefined)
    throw new UserError(
      `${where}: must be made by one of ${Object.keys(pages).join(", ")}, got "${source.rule}"`,
    );
  return make(source, where, listener);
}

/** The run folders of a source in its order. */
export function runsOf({ files }: MadeFrom): string[] {
  return [...new Set(files.map(({ run }) => run))];
}
