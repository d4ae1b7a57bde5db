import { escapeLatex } from "./escape.js";
import { madeFromLine } from "./made-from.js";
import { sourceText } from "./number-source.js";
import type { Table, TableCell } from "./table.js";

/**
 * A table as a LaTeX `table` environment with booktabs rules. Best values are bold, values tied with the best carry
 * a dagger, significant differences carry an arrow. Needs `\usepackage{booktabs}`.
 *
 * @param label  for `\ref`, without the "tab:" prefix; left out when undefined
 */
export function tableLatex(table: Table, options: { label?: string } = {}): string {
  const columns = table.columns.map((column) => (column.align ?? "left")[0]).join("");
  const head = table.columns.map((column) => escapeLatex(column.label));
  const details = table.columns.map((column) => escapeLatex(column.detail ?? ""));
  const hasDetails = details.some((detail) => detail !== "");
  const lines = [...madeFromComments(table), "\\begin{table}[t]", "\\centering"];
  if (table.title !== undefined) lines.push(`\\caption{${escapeLatex(table.title)}}`);
  if (options.label !== undefined)
    lines.push(`\\label{tab:${options.label.replace(/[^A-Za-z0-9:.-]/g, "-")}}`);
  lines.push(`\\begin{tabular}{${columns}}`, "\\toprule", latexLine(head));
  if (hasDetails)
    lines.push(latexLine(details.map((detail) => (detail === "" ? "" : `{\\footnotesize ${detail}}`))));
  lines.push("\\midrule", ...table.rows.map((row) => latexLine(row.cells.map(latexCell))), "\\bottomrule");
  lines.push("\\end{tabular}");
  for (const note of table.notes ?? []) lines.push(`\\par{\\footnotesize ${escapeLatex(note)}\\par}`);
  lines.push("\\end{table}");
  return lines.join("\n") + "\n";
}

function latexLine(cells: string[]): string {
  return `${cells.join(" & ")} \\\\`;
}

function latexCell(cell: TableCell): string {
  let text = escapeLatex(cell.text);
  if (cell.bold) text = `\\textbf{${text}}`;
  else if (cell.tiedWithBest) text += "$^\\dagger$";
  const parts = [text];
  if (cell.detail !== undefined) parts.push(`{\\footnotesize ${escapeLatex(cell.detail)}}`);
  if (cell.delta !== undefined) parts.push(`{\\footnotesize ${escapeLatex(cell.delta)}${latexMark(cell)}}`);
  return parts.join(" ");
}

function latexMark(cell: TableCell): string {
  return cell.mark === "better" ? "$\\uparrow$" : cell.mark === "worse" ? "$\\downarrow$" : "";
}

/** Where the numbers come from, as comments before the table: for qdrl verify, and a line a file for readers. */
function madeFromComments({ madeFrom, rows }: Table): string[] {
  if (madeFrom === undefined) return [];
  const cells = rows.flatMap(({ cells: [head, ...rest] }) =>
    rest.flatMap(({ source }) =>
      source === undefined ? [] : [`${head?.text}: ${sourceText(source).replaceAll("\n", "; ")}`],
    ),
  );
  return [`% ${madeFromLine(madeFrom)}`, ...cells.map((line) => `% ${line.replaceAll(/[\r\n]/g, " ")}`)];
}
