import type { ReportPage } from "../../reporting/html-page.js";
import type { Block } from "../../reporting/page-blocks.js";
import type { EvidenceView } from "./evidence-view.js";

/** The report page of all evidence: one section a data set, linked to its runs. */
export function evidencePage(views: readonly EvidenceView[]): ReportPage {
  const dirs = new Map(views.flatMap(({ set, runs }) => runs.map((run) => [run.dir, set.name])));
  return {
    title: "What finds more: words, embeddings, or both?",
    eyebrow: "qdrl evidence",
    question:
      "BM25 in its variants, dense search and both fused, on the same queries: which is better, and is it certain?",
    answer: views.map(({ title, lead }) => `${title}. ${lead}`),
    facts: views.map(({ title, main }) => ({
      label: title,
      value: best(main.rows.map((row) => row.cells[0]?.mean ?? 0)),
      about: `best ${main.metrics[0]}, ${main.rows[0]!.cells[0]!.queries.toLocaleString("en-US")} queries`,
    })),
    sections: views.map(({ title, answer, main, all, tests, published }) => ({
      title,
      blocks: [
        ...answer.map((text): Block => ({ kind: "text", text })),
        { kind: "results", results: main },
        ...(published === null ? [] : [{ kind: "table", table: published } as const]),
        { kind: "table", table: tests },
        {
          kind: "details",
          summary: "All measures",
          blocks: [{ kind: "results", results: all }],
        },
      ],
    })),
    sources: [...dirs].map(([run, what]) => ({ what, run, file: "queries.jsonl.gz" })),
  };
}

function best(means: readonly number[]): string {
  return Math.max(...means).toFixed(3);
}
