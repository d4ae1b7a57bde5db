import path from "node:path";
import type { Listener } from "../../engine/progress.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { htmlId } from "../../reporting/escape.js";
import { htmlPage } from "../../reporting/html-page.js";
import { resultsCsv, resultsLatex, resultsMarkdown } from "../../reporting/results-table-view.js";
import { openImageRenderer } from "../../reporting/static-image.js";
import { tableCsv } from "../../reporting/table-csv.js";
import { tableLatex } from "../../reporting/table-latex.js";
import { tableMarkdown } from "../../reporting/table-markdown.js";
import type { ThesisReport } from "./report-parts.js";

/**
 * Writes the page, every table as Markdown, CSV and LaTeX, and every figure as SVG and PNG (skipped with a line where
 * there is no Chromium).
 *
 * @param folder  gets index.html, tables/ and figures/
 */
export async function writeThesisReport(
  report: ThesisReport,
  folder: string,
  listener: Listener,
): Promise<void> {
  atomicWriteFile(path.join(folder, "index.html"), htmlPage(report.page));
  for (const { name, table } of report.tables)
    writeTable(
      path.join(folder, "tables", htmlId(name)),
      tableMarkdown(table),
      tableCsv(table),
      tableLatex(table, { label: htmlId(name) }),
    );
  for (const { name, results } of report.results) {
    const stem = path.join(folder, "tables", `${htmlId(name)}-all-measures`);
    writeTable(
      stem,
      resultsMarkdown(results),
      resultsCsv(results),
      resultsLatex(results, { label: htmlId(name) }),
    );
  }
  const opened = await openImageRenderer();
  if (opened.renderer === null) {
    listener.line?.(opened.reason);
    return;
  }
  try {
    for (const [done, { name, figure }] of report.figures.entries()) {
      const stem = path.join(folder, "figures", htmlId(name));
      atomicWriteFile(`${stem}.png`, await opened.renderer.render(figure, { format: "png" }));
      atomicWriteFile(`${stem}.svg`, await opened.renderer.render(figure, { format: "svg" }));
      listener.progress?.({ task: "figures", done: done + 1, total: report.figures.length, unit: "figures" });
    }
  } finally {
    await opened.renderer.close();
  }
}

function writeTable(stem: string, markdown: string, csv: string, latex: string): void {
  atomicWriteFile(`${stem}.md`, markdown);
  atomicWriteFile(`${stem}.csv`, csv);
  atomicWriteFile(`${stem}.tex`, latex);
}
