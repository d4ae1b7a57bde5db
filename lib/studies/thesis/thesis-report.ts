import { compareTwoRuns } from "../../analysis/comparison.js";
import { speedTable } from "../../analysis/report-page.js";
import type { Listener } from "../../engine/progress.js";
import { type Bm25View, bm25View } from "./bm25-view.js";
import { experimentView } from "./experiment-view.js";
import type { ExperimentKey } from "./experiments.js";
import { lossView } from "./loss-view.js";
import { redundantView } from "./redundant-view.js";
import { ReportParts, type ThesisReport } from "./report-parts.js";
import { semanticMatches } from "./semantic-view.js";
import { type Size, type SweepRuns, sweepRuns } from "./sweep-runs.js";
import { thesisStatements } from "./thesis-tables.js";
import { thresholdView } from "./threshold-view.js";
import { timeTable } from "./time-table.js";
import { typoViews } from "./typo-view.js";

export interface ThesisReportOptions {
  size: Size;
  datasets?: readonly string[];
  workers?: number;
  listener?: Listener;
  /** That the page will be written to. */
  folder: string;
}

/** Every experiment of the thesis in its order, run or read, with the published numbers beside ours. */
export async function thesisReport(options: ThesisReportOptions): Promise<ThesisReport> {
  const report = new ReportParts();
  const timed: { title: string; sweep: SweepRuns }[] = [];
  const view = async (key: ExperimentKey, figureTitle: string) => {
    const found = await experimentView(key, options);
    report.addExperiment(found, figureTitle);
    for (const sweep of found.sweeps) timed.push({ title: found.experiment.title, sweep });
    return found;
  };
  await view("margin", "Recall@10 against the margin");
  await view("temperature", "Recall@10 against the temperature");
  const loss = await lossView(options);
  report.add("loss", "Softmax against triplet", loss.statement, loss.answer, loss.table, loss.ours);
  await view("modality", "Recall@10 with and without the category");
  const depth = await view("depth", "Recall@10 by layers");
  report.append({
    kind: "details",
    summary: "Speed of every run",
    blocks: [{ kind: "table", table: speedTable(depth.sweeps[0]!.runs) }],
  });
  await addTypos(report, options);
  const bm25 = await bm25View(options);
  addBm25(report, bm25);
  await addStudies(report, bm25);
  await view("negatives", "Recall@10 by negatives");
  for (const sweep of await sweepRuns("tokens", options)) timed.push({ title: "Tokens and typos", sweep });
  const taken = timeTable(timed);
  const { host } = timed[0]!.sweep.runs[0]!.manifest();
  report.section("Time", `What the sweeps took on ${host.cpu}, ${host.cores} cores.`, []);
  report.table("time", taken);
  return report.finish(["Softmax against triplet", "Against BM25"]);
}

async function addTypos(report: ReportParts, options: ThesisReportOptions): Promise<void> {
  const views = await typoViews(options);
  report.section(
    "Trigrams and typos",
    thesisStatements.typos,
    views.map((view) => view.answer),
  );
  for (const { title, figures, results } of views) {
    for (const { title: name, figure } of figures) report.figure(`typos ${name}`, figure, name);
    report.results(`typos ${title}`, results);
  }
}

function addBm25(report: ReportParts, { ours, graded, table, answer, typos }: Bm25View): void {
  report.add("bm25", "Against BM25", "BM25 (k1 1.2, b 0.75) over the documents' names.", answer, table, ours);
  for (const { dataset, results } of graded) report.results(`bm25 graded ${dataset}`, results);
  for (const { title, figure } of typos)
    report.figure(`bm25 typos ${title}`, figure, `Recall@10 under typos: ${title}`);
}

/** The thesis' manual studies, counted: semantic matches, superfluous words, thresholds. */
async function addStudies(report: ReportParts, { pairs }: Bm25View): Promise<void> {
  const { dataset, encoder, bm25 } = pairs[0]!;
  const set = dataset.sets[0]!;
  const published = thesisStatements.semantic.map(([query, document]) => `${query} → ${document}`).join("; ");
  const comparison = await compareTwoRuns(encoder, bm25, { set });
  const matches = await semanticMatches(comparison, encoder, { set, shown: 8 });
  report.section("Semantic matches", `Published, as examples: ${published}.`, [matches.answer]);
  report.table("semantic matches", matches.table);
  report.append({ kind: "rankings", rankings: matches.rankings });
  const redundant = await redundantView([encoder, bm25], set);
  const examples = thesisStatements.redundant
    .map(([query, document]) => `“${query}” → ${document}`)
    .join("; ");
  report.section("Superfluous words", `Published, as examples: ${examples}.`, [redundant.answer]);
  report.figure("redundant tokens", redundant.figure, "Recall@10 with meaningless words appended");
  for (const results of redundant.results) report.results(`redundant tokens ${results.title}`, results);
  const threshold = thresholdView(encoder, { set, typo: 0.5, wantedRight: 0.9 });
  report.section("Misspelled queries and thresholds", `Published: ${thesisStatements.misspelled}`, [
    threshold.answer,
  ]);
  report.table("threshold", threshold.table);
  report.figure("threshold", threshold.figure, "First results by cosine threshold");
}
