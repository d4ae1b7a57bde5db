import { displayWidth, padToWidth } from "./display-width.js";
import type { Table, TableCell } from "./table.js";

/** How a table is written for a terminal. */
export interface TerminalLook {
  /** Write ANSI colours. Default: no. */
  color?: boolean;
  /** Columns of the screen; a wider table is written in parts below one another. Default: as wide as it gets. */
  width?: number;
}

/**
 * A table for a terminal: columns aligned by what characters take on screen, a second line per row for intervals and
 * differences, colours where asked for. Best values are bold; ▲ and ▼ mark significant differences and † ties with
 * the best, so that nothing is said by colour alone.
 *
 * A table wider than the screen is written in parts, each with the leading columns that tell the rows apart and as many
 * others as find room (one at least, which may then stick out); notes, and texts that alone have no room beside the
 * leading columns, are broken between words.
 */
export function tableTerminal(table: Table, look: TerminalLook = {}): string {
  const paint = look.color === true ? ansi : (text: string) => text;
  const { width: screen = Number.POSITIVE_INFINITY } = look;
  const aligns = table.columns.map((column) => column.align ?? "left");
  const hasTies = table.columns.map((_, column) => table.rows.some((row) => isTied(row.cells[column]!)));
  const leading = leadingColumns(table);
  const used = table.columns.slice(0, leading).map(({ label }, column) => {
    const texts = [label, ...table.rows.map((row) => row.cells[column]!.text)];
    return Math.max(...texts.map(displayWidth)) + GAP.length;
  });
  const beside = used.reduce((left, width) => left - width, screen - MARGIN.length);
  const bodies = table.rows.map((row) =>
    row.cells.map((cell, column) => {
      const room = column >= leading && aligns[column] === "left" ? Math.max(LEAST_ROOM, beside) : undefined;
      return terminalCell(cell, hasTies[column]!, paint, room);
    }),
  );
  const heads = table.columns.map((column) => [
    paint(column.label, "1"),
    ...(column.detail === undefined ? [] : [paint(column.detail, "2")]),
  ]);
  const widths = table.columns.map((_, column) => {
    const lines = [heads[column]!, ...bodies.map((body) => body[column]!)].flat();
    return Math.max(0, ...lines.map(displayWidth));
  });
  const format = (cells: readonly string[][], shown: readonly number[]): string[] => {
    const height = Math.max(1, ...shown.map((column) => cells[column]!.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = shown.map((column) =>
        padToWidth(cells[column]![line] ?? "", widths[column]!, aligns[column]!),
      );
      return (MARGIN + parts.join(GAP)).trimEnd();
    });
  };
  const lines = table.title === undefined ? [] : ["", MARGIN + paint(table.title, "1")];
  for (const shown of columnParts(widths, leading, screen)) {
    const dashes = shown.map((column) => "─".repeat(widths[column]!)).join("─".repeat(GAP.length));
    const rule = MARGIN + paint(dashes, "2");
    lines.push(rule, ...format(heads, shown), rule);
    for (const body of bodies) lines.push(...format(body, shown));
    lines.push(rule);
  }
  for (const note of table.notes ?? [])
    lines.push(...brokenAt(note, screen - MARGIN.length).map((line) => MARGIN + paint(line, "2")));
  return lines.join("\n") + "\n";
}

const MARGIN = "  ";
const GAP = "   ";
/** Narrower than this a text is not broken. */
const LEAST_ROOM = 24;

/** How many columns from the left it takes to tell the rows apart; 1 if even all of them do not. */
function leadingColumns({ columns, rows }: Table): number {
  for (let count = 1; count < columns.length; count++) {
    const keys = rows.map(({ cells }) => JSON.stringify(cells.slice(0, count).map(({ text }) => text)));
    if (new Set(keys).size === rows.length) return count;
  }
  return 1;
}

/** Numbers of the columns of each part: the leading columns, then as many in turn as the screen has room for. */
function columnParts(widths: readonly number[], leading: number, screen: number): number[][] {
  const first = widths.slice(0, leading).map((_, column) => column);
  const least = first.reduce((sum, column) => sum + widths[column]! + GAP.length, MARGIN.length - GAP.length);
  const parts: number[][] = [[...first]];
  let used = least;
  for (let column = leading; column < widths.length; column++) {
    const wanted = GAP.length + widths[column]!;
    if (used + wanted > screen && parts.at(-1)!.length > leading) {
      parts.push([...first]);
      used = least;
    }
    parts.at(-1)!.push(column);
    used += wanted;
  }
  return parts;
}

/** A text in lines of at most `width`, broken at spaces; a longer word has a line of its own. */
function brokenAt(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && displayWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/**
 * @param hasTies  keeps room for the sign in every cell, so that numbers stay aligned
 * @param room     columns after which the text is broken between words; default: not at all
 */
function terminalCell(
  cell: TableCell,
  hasTies: boolean,
  paint: (text: string, code: string) => string,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const lines = brokenAt(cell.text, room).map((line) => (cell.bold ? paint(line, "1") : line));
  if (hasTies) lines[lines.length - 1] += isTied(cell) ? "†" : " ";
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
