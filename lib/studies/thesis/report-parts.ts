import path from "node:path";
import type { Figure } from "../../reporting/figures/theme.js";
import type { ReportPage } from "../../reporting/html-page.js";
import type { Block } from "../../reporting/page-blocks.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { ExperimentView } from "./experiment-view.js";
import type { OurResults } from "./published-table.js";

/** The report and what is also written as files of its own. */
export interface ThesisReport {
  page: ReportPage;
  tables: { name: string; table: Table }[];
  results: { name: string; results: ResultsTable }[];
  figures: { name: string; figure: Figure }[];
}

type Section = ReportPage["sections"][number];

/** Collects sections, and the tables and figures in them under their file names. */
export class ReportParts {
  private readonly sections: { title: string; intro: string; blocks: Block[] }[] = [];
  /** Section title, empty when as above, and what was found there. */
  private readonly findings: [string, string][] = [];
  private readonly runs = new Set<string>();
  private readonly tables: ThesisReport["tables"] = [];
  private readonly resultsTables: ThesisReport["results"] = [];
  private readonly figures: ThesisReport["figures"] = [];

  section(title: string, intro: string, answers: readonly string[]): void {
    this.sections.push({ title, intro, blocks: answers.map((text): Block => ({ kind: "text", text })) });
    answers.forEach((text, i) => {
      this.findings.push([i === 0 ? title : "", text]);
    });
  }

  append(block: Block): void {
    this.sections[this.sections.length - 1]!.blocks.push(block);
  }

  table(name: string, table: Table): void {
    this.tables.push({ name, table });
    this.append({ kind: "table", table });
  }

  figure(name: string, figure: Figure, title: string): void {
    this.figures.push({ name, figure });
    this.append({ kind: "figure", figure, title });
  }

  results(name: string, results: ResultsTable): void {
    this.resultsTables.push({ name, results });
    const summary = `All measures with tests: ${results.title ?? name}`;
    this.append({ kind: "details", summary, blocks: [{ kind: "results", results }] });
    for (const row of results.rows) for (const { dir } of row.runs) this.runs.add(dir);
  }

  add(
    name: string,
    title: string,
    intro: string,
    answers: readonly string[],
    table: Table,
    ours: readonly OurResults[],
  ): void {
    this.section(title, intro, answers);
    this.table(name, table);
    for (const { dataset, results } of ours) this.results(`${name} ${dataset}`, results);
  }

  addExperiment(
    { experiment, statement, answer, table, figure, ours }: ExperimentView,
    figureTitle: string,
  ): void {
    const { key, title, question } = experiment;
    this.section(title, `${question} ${statement}`, answer);
    this.table(key, table);
    this.figure(key, figure, figureTitle);
    for (const { dataset, results } of ours) this.results(`${key} ${dataset}`, results);
  }

  /** @param lead  titles of the sections whose findings stand at the top of the page */
  finish(lead: readonly string[]): ThesisReport {
    const overview: Section = {
      title: "Overview",
      intro: "The findings of every section, by data set and kind of queries.",
      blocks: [{ kind: "table", table: plainTable(["experiment", "found here"], this.findings) }],
    };
    const page: ReportPage = {
      title: "The thesis, run again",
      eyebrow: "qdrl report",
      question: "Which of the thesis' findings hold on data that anybody can have?",
      answer: this.findings.flatMap(([title, finding]) => (lead.includes(title) ? [finding] : [])),
      sections: [overview, ...this.sections],
      sources: this.sources(),
    };
    return { page, tables: this.tables, results: this.resultsTables, figures: this.figures };
  }

  /** One line per task folder. */
  private sources(): ReportPage["sources"] {
    const counts = new Map<string, number>();
    for (const dir of this.runs) counts.set(path.dirname(dir), (counts.get(path.dirname(dir)) ?? 0) + 1);
    return [...counts].map(([folder, count]) => ({
      what: path.basename(folder),
      run: `${folder}/* (${count} ${count === 1 ? "run" : "runs"})`,
      file: "queries.jsonl.gz",
    }));
  }
}
