import { compareRuns, evaluatedOn } from "../../analysis/compare-runs.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { headline } from "../../reporting/headline.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import { plainTable, type Table, type TableCell } from "../../reporting/table.js";
import { testsTable } from "../../reporting/tests-table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { evidenceMeasures, evidenceRuns } from "./evidence-runs.js";
import { type EvidenceSet, ensureEvidence, evidenceSets, LUCENE, smallEvidence } from "./evidence-sets.js";

/** One evaluation set of a data set, every system on it. */
export interface EvidenceView {
  set: EvidenceSet;
  /** Data set and evaluation set. */
  title: string;
  runs: RunFolder[];
  /** The better of the dense and the fused systems against BM25, in a sentence. */
  lead: string;
  /** Every such system, and how far the variants of BM25 are apart. */
  answer: string[];
  /** The measures usually quoted, and under typos where every system was asked misspelled queries. */
  main: ResultsTable;
  /** Every measure. */
  all: ResultsTable;
  /** Every test of nDCG@10. */
  tests: Table;
  /** What others published; null where nobody has. */
  published: Table | null;
}

const MAIN = ["nDCG@10", "Recall@100", "MRR@10", "MAP@100"];

/**
 * Lexical, dense and fused search on every data set that is there, run or read.
 *
 * @param options.size  "full", or "small": three hundred emoji, few measures and resamples, in seconds
 */
export async function evidenceViews(options: {
  size: "full" | "small";
  listener?: Listener;
}): Promise<EvidenceView[]> {
  const { size, listener = defaultListener() } = options;
  const views: EvidenceView[] = [];
  for (const set of size === "small" ? [smallEvidence] : evidenceSets) {
    if (!(await ensureEvidence(set, listener))) continue;
    const runs = await evidenceRuns(set, listener);
    for (const name of set.sets) views.push(view(set, name, runs));
  }
  return views;
}

function view(set: EvidenceSet, name: string, runs: RunFolder[]): EvidenceView {
  const title = `${set.name}, ${name}`;
  const clean = (measure: string) => ({ label: measure, set: name, measure, typo: 0 });
  const typos = evaluatedOn(...runs).typos.filter((typo) => typo > 0);
  const misspelled = typos.map((typo) => ({ ...clean("nDCG@10"), label: `nDCG@10, typos ${typo}`, typo }));
  const isSmall = set === smallEvidence;
  const table = (selections: readonly ReturnType<typeof clean>[], what: string) =>
    resultsTable(compareRuns(runs, selections), {
      title: `${title}: ${what}`,
      baseline: LUCENE,
      metrics: selections.map(({ label }) => label),
      resamples: isSmall ? 200 : 2000,
    });
  const main = table([...MAIN.map(clean), ...misspelled], "lexical, dense and fused search");
  const measures = [...new Set([...MAIN, "Recall@10", "MRR@100", ...evidenceMeasures])].slice(
    0,
    isSmall ? 6 : undefined,
  );
  return {
    set,
    title,
    runs,
    lead: leadOf(set, main),
    answer: answerOf(set, main),
    main,
    all: table(measures.map(clean), "all measures"),
    tests: testsTable(compareRuns(runs, [clean("nDCG@10")]), { baseline: LUCENE, metric: "nDCG@10" }),
    published: set.published.length === 0 ? null : publishedTable(set, main),
  };
}

function leadOf(set: EvidenceSet, main: ResultsTable): string {
  const candidates = main.rows.filter(({ system }) => system.includes(set.dense.name));
  const best = candidates.reduce((a, b) => (b.cells[0]!.mean > a.cells[0]!.mean ? b : a));
  return headline(main, best.system, main.metrics[0]!);
}

/** The dense system and the fused ones against BM25, and how far the variants of BM25 are apart. */
function answerOf(set: EvidenceSet, main: ResultsTable): string[] {
  const [first] = main.metrics;
  const variants = main.rows.filter(({ system }) => /^BM25(\+|L)?(, (?!.*plain).*)?$/.test(system));
  const means = variants.map((row) => row.cells[0]!.mean);
  const spread = Math.max(...means) - Math.min(...means);
  const told = variants.filter((row) => (row.cells[0]!.comparison?.mark ?? "same") !== "same").length;
  return [
    ...main.rows
      .filter(({ system }) => system.includes(set.dense.name))
      .map(({ system }) => headline(main, system, first!)),
    `The ${variants.length} variants of BM25 lie within ${spread.toFixed(3)} ${first}; ${told === 0 ? "none is" : `${told} are`} significantly different from Lucene's.`,
  ];
}

function publishedTable(set: EvidenceSet, main: ResultsTable): Table {
  const rows = set.published.map(({ system, measure, value, source, ours }) => {
    const row = main.rows.find((candidate) => candidate.system === ours);
    const cell = row?.cells[main.metrics.indexOf(measure)];
    const here: TableCell = cell
      ? { text: cell.mean.toFixed(3), detail: `[${cell.low.toFixed(3)}, ${cell.high.toFixed(3)}]` }
      : { text: "—", hint: "not run here" };
    return [system, measure, value.toFixed(3), here, row?.system ?? "", source];
  });
  return plainTable(["published system", "measure", "published", "here", "as", "source"], rows, {
    title: `${set.name}: published figures`,
    notes: [
      "Published figures are quoted, without uncertainty; ours have 95 % intervals over the same queries.",
    ],
  });
}
