import { escapeMarkdown } from "./escape.js";
import { madeFromLine } from "./made-from.js";
import type { Table, TableCell } from "./table.js";

const ALIGNMENT = { left: ":--", right: "--:", center: ":-:" };

/**
 * A table as a Markdown pipe table (GitHub's dialect). Best values are bold, significant differences carry ▲ or ▼, and
 * values tied with the best †.
 */
export function tableMarkdown(table: Table): string {
  const head = table.columns.map((column) =>
    [column.label, column.detail].filter((part) => part !== undefined).join("\n"),
  );
  const lines = [
    markdownLine(head.map(escapeMarkdown)),
    markdownLine(table.columns.map((column) => ALIGNMENT[column.align ?? "left"])),
    ...table.rows.map((row) => markdownLine(row.cells.map(markdownCell))),
  ];
  if (table.title !== undefined) lines.unshift(`**${escapeMarkdown(table.title)}**`, "");
  if (table.notes !== undefined && table.notes.length > 0)
    lines.push("", ...table.notes.map((note) => `- ${escapeMarkdown(note)}`));
  if (table.madeFrom !== undefined) lines.push("", `<!-- ${madeFromLine(table.madeFrom)} -->`);
  return lines.join("\n") + "\n";
}

function markdownLine(cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function markdownCell(cell: TableCell): string {
  let text = escapeMarkdown(cell.text);
  if (cell.tiedWithBest && !cell.bold) text += "†";
  if (cell.bold) text = `**${text}**`;
  if (cell.link !== undefined) text = `[${text}](${target(cell.link)})`;
  const parts = [text];

  for (const { text: name, link } of cell.links ?? [])
    parts.push(`[${escapeMarkdown(name)}](${target(link)})`);
  if (cell.detail !== undefined) parts.push(escapeMarkdown(cell.detail));
  if (cell.delta !== undefined) parts.push(escapeMarkdown(cell.delta) + markOf(cell));
  return parts.join(" ");
}

/** A link target that may hold spaces and brackets. */
function target(link: string): string {
  return `<${link.replace(/[<>]/g, encodeURIComponent)}>`;
}

function markOf(cell: TableCell): string {
  return cell.mark === "better" ? " ▲" : cell.mark === "worse" ? " ▼" : "";
}
