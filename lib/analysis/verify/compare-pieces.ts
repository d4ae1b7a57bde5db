import { countNumbers, type Piece } from "./page-pieces.js";

/** A text that is not what its sources give. */
export interface Finding {
  where: string;
  /** What stands there; null: nothing. */
  shown: string | null;
  /** What its sources give; null: nothing, the number has no source. */
  made: string | null;
}

export interface Compared {
  /** Numbers found equal: in texts, in what hovering shows, and in the data of figures. */
  confirmed: { text: number; hint: number; data: number };
  findings: Finding[];
}

/** Most cells of the alignment's table; longer differences are compared place by place. */
const MOST_CELLS = 2e7;

/** Compares the texts of a file with those made again from its sources; what differs without a number is passed over. */
export function comparePieces(shown: readonly Piece[], made: readonly Piece[]): Compared {
  const confirmed = { text: 0, hint: 0, data: 0 };
  const findings: Finding[] = [];
  const agree = (piece: Piece) => {
    confirmed[piece.kind] += countNumbers(piece);
  };
  let start = 0;
  while (start < shown.length && start < made.length && isSame(shown[start]!, made[start]!))
    agree(shown[start++]!);
  let end = 0;
  const room = Math.min(shown.length, made.length) - start;
  while (end < room && isSame(shown[shown.length - 1 - end]!, made[made.length - 1 - end]!))
    agree(shown[shown.length - 1 - end++]!);
  const rest = {
    shown: shown.slice(start, shown.length - end),
    made: made.slice(start, made.length - end),
  };
  let gap: { shown: Piece[]; made: Piece[] } = { shown: [], made: [] };
  const close = () => {
    findings.push(...gapFindings(gap));
    gap = { shown: [], made: [] };
  };
  for (const [a, b] of aligned(rest.shown, rest.made)) {
    if (a && b) {
      close();
      agree(a);
    } else if (a) gap.shown.push(a);
    else gap.made.push(b!);
  }
  close();
  return { confirmed, findings };
}

function isSame(a: Piece, b: Piece): boolean {
  return a.kind === b.kind && a.text === b.text;
}

/** Differing texts of one place; as many on both sides: each is another's changed form. */
function gapFindings({ shown, made }: { shown: Piece[]; made: Piece[] }): Finding[] {
  const isChange = shown.length === made.length;
  const pairs: [Piece | null, Piece | null][] = isChange
    ? shown.map((piece, i) => [piece, made[i]!])
    : [
        ...shown.map((piece) => [piece, null] as [Piece, null]),
        ...made.map((p) => [null, p] as [null, Piece]),
      ];
  return pairs.flatMap(([a, b]) => {
    if (![a, b].some((piece) => piece !== null && countNumbers(piece) > 0)) return [];
    const [left, right] = a && b && a.kind === "data" ? nearDifference(a.text, b.text) : [a?.text, b?.text];
    return [{ where: (a ?? b)!.where, shown: left ?? null, made: right ?? null }];
  });
}

/** The first place where two long texts differ, with a little of what is around it. */
function nearDifference(a: string, b: string): [string, string] {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const cut = (text: string) => `…${text.slice(Math.max(0, at - 20), at + 20)}…`;
  return [cut(a), cut(b)];
}

/** Longest common subsequence, as pairs; null on the side that has nothing. */
function aligned(a: readonly Piece[], b: readonly Piece[]): [Piece | null, Piece | null][] {
  const [n, m] = [a.length, b.length];
  if (n * m > MOST_CELLS)
    return Array.from({ length: Math.max(n, m) }, (_, i) => [a[i] ?? null, b[i] ?? null] as const).flatMap(
      ([x, y]): [Piece | null, Piece | null][] =>
        x && y && isSame(x, y)
          ? [[x, y]]
          : [...(x ? [[x, null] as [Piece, null]] : []), ...(y ? [[null, y] as [null, Piece]] : [])],
    );
  const width = m + 1;
  const longest = new Int32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      longest[i * width + j] = isSame(a[i]!, b[j]!)
        ? longest[(i + 1) * width + j + 1]! + 1
        : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
  const pairs: [Piece | null, Piece | null][] = [];
  let [i, j] = [0, 0];
  while (i < n || j < m) {
    if (i < n && j < m && isSame(a[i]!, b[j]!)) pairs.push([a[i++]!, b[j++]!]);
    else if (j >= m || (i < n && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!))
      pairs.push([a[i++]!, null]);
    else pairs.push([null, b[j++]!]);
  }
  return pairs;
}
