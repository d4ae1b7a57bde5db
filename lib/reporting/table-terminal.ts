import { displayWidth, padToWidth } from "./display-width.js";
import type { Table, TableCell } from "./table.js";

/**
 * A table for a terminal: columns aligned by what characters take on screen, a second line per row for intervals and
 * differences, colours where asked for. Best values are bold; ▲ and ▼ mark significant differences and † ties with
 * the best, so that nothing is said by colour alone.
 *
 * @param options.color  write ANSI colours (a caller passes `process.stdout.isTTY` or what the user asked for)
 */
export function tableTerminal(table: Table, options: { color?: boolean } = {}): string {
  const paint = options.color === true ? ansi : (text: string) => text;
  const aligns = table.columns.map((column) => column.align ?? "left");
  const hasTies = table.columns.map((_, column) => table.rows.some((row) => isTied(row.cells[column]!)));
  const bodies = table.rows.map((row) =>
    row.cells.map((cell, column) => terminalCell(cell, hasTies[column]!, paint)),
  );
  const heads = table.columns.map((column) => [
    paint(column.label, "1"),
    ...(column.detail === undefined ? [] : [paint(column.detail, "2")]),
  ]);
  const widths = table.columns.map((_, column) => {
    const lines = [heads[column]!, ...bodies.map((body) => body[column]!)].flat();
    return Math.max(0, ...lines.map(displayWidth));
  });
  const format = (cells: string[][]): string[] => {
    const height = Math.max(1, ...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, line) =>
      (
        "  " +
        cells
          .map((cell, column) => padToWidth(cell[line] ?? "", widths[column]!, aligns[column]!))
          .join("   ")
      ).trimEnd(),
    );
  };
  const rule = "  " + paint(widths.map((width) => "─".repeat(width)).join("───"), "2");
  const lines = [
    ...(table.title === undefined ? [] : ["", "  " + paint(table.title, "1")]),
    rule,
    ...format(heads),
    rule,
  ];
  for (const body of bodies) lines.push(...format(body));
  lines.push(rule, ...(table.notes ?? []).map((note) => "  " + paint(note, "2")));
  return lines.join("\n") + "\n";
}

/** @param hasTies  keeps room for the sign in every cell, so that numbers stay aligned */
function terminalCell(
  cell: TableCell,
  hasTies: boolean,
  paint: (text: string, code: string) => string,
): string[] {
  let first = cell.bold ? paint(cell.text, "1") : cell.text;
  if (hasTies) first += isTied(cell) ? "†" : " ";
  const lines = [first];
  if (cell.detail !== undefined) lines.push(paint(cell.detail, "2"));
  if (cell.delta !== undefined) {
    const sign = cell.mark === "better" ? "▲ " : cell.mark === "worse" ? "▼ " : "";
    const code = cell.mark === "better" ? "32" : cell.mark === "worse" ? "31" : "2";
    lines.push(paint(sign + cell.delta, code));
  }
  return lines;
}

function isTied(cell: TableCell): boolean {
  return cell.tiedWithBest === true && !cell.bold;
}

function ansi(text: string, code: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
