import { atomicWriteParts } from "../files/atomic-write.js";
import { DataError } from "../files/data-error.js";
import { readLines } from "../files/lines.js";
import { UserError } from "../files/user-error.js";

/** A decimal number as C's atof reads it, which trec_eval uses; hexadecimal ones are no scores. */
const SCORE = /^[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|inf(inity)?)$/i;

/** Query id → document id → grade. */
export type Qrels = Map<string, Map<string, number>>;

/** Query id → documents, best first, with scores. */
export type RankedRun = Map<string, { id: string; score: number }[]>;

/**
 * Reads relevance judgements: TREC's (`query 0 document grade`, blanks between) or BEIR's (`query-id corpus-id score`
 * with tabs between, mostly below a header line); which one is seen from the first line. A line of column names is passed
 * over, whatever they are. A judgement that stands there twice counts once.
 *
 * @throws DataError naming file and line, also where a document has two different grades for a query
 */
export function readQrels(file: string): Qrels {
  const qrels: Qrels = new Map();
  let beir: boolean | null = null;
  for (const { number, text, problem } of readLines(file)) {
    if (text === null) throw new DataError(`${file}:${number}: ${problem}`);
    if (text.trim() === "") continue;
    if (beir === null) {
      beir = text.split("\t").length === 3;
      if (beir ? /\t[A-Za-z_-]+\s*$/.test(text) : !/\d/.test(text)) continue; // names of columns
    }
    const cells = beir ? text.split("\t") : text.trim().split(/\s+/);
    const [query, document, grade] = beir ? cells : [cells[0], cells[2], cells[3]];
    if (cells.length !== (beir ? 3 : 4) || !/^[-+]?\d{1,15}(\.0*)?$/.test(grade!))
      throw new DataError(
        `${file}:${number}: line must be ${beir ? "query, document, grade" : "query, 0, document, grade"} with an integer grade, got "${text}"`,
      );
    const grades = qrels.get(query!) ?? new Map<string, number>();
    const before = grades.get(document!);
    if (before !== undefined && before !== Number(grade))
      throw new DataError(
        `${file}:${number}: a document must have one grade for a query, got ${Number(grade)} after ${before} for "${document}" and query "${query}"`,
      );
    grades.set(document!, Number(grade));
    qrels.set(query!, grades);
  }
  if (qrels.size === 0) throw new DataError(`${file}: file must hold at least one judgement, got 0`);
  return qrels;
}

/** Writes judgements in either form; TREC's has ids as {@link trecId} makes them. */
export function writeQrels(file: string, qrels: Qrels, format: "trec" | "beir"): void {
  atomicWriteParts(file, qrelsLines(qrels, format));
}

function* qrelsLines(qrels: Qrels, format: "trec" | "beir"): Generator<string> {
  if (format === "beir") yield "query-id\tcorpus-id\tscore\n";
  for (const [query, grades] of qrels) {
    let block = "";
    for (const [document, grade] of grades)
      block +=
        format === "beir"
          ? `${query}\t${document}\t${grade}\n`
          : `${trecId(query)} 0 ${trecId(document)} ${grade}\n`;
    yield block;
  }
}

/**
 * Reads a TREC run: `query Q0 document rank score tag`. Documents come back by descending score, as trec_eval orders
 * them: the rank column is ignored, equal scores go by descending document id.
 *
 * A document that a query lists twice counts at its first place; trec_eval refuses such files.
 *
 * @param listener  told how many documents are listed twice
 * @throws DataError naming file and line
 */
export function readTrecRun(file: string, listener: { line?(text: string): void } = {}): RankedRun {
  const run: RankedRun = new Map();
  for (const { number, text, problem } of readLines(file)) {
    if (text === null) throw new DataError(`${file}:${number}: ${problem}`);
    if (text.trim() === "") continue;
    const cells = text.trim().split(/\s+/);
    const score = SCORE.test(cells[4] ?? "") ? Number(cells[4]!.replace(/inf(inity)?$/i, "Infinity")) : NaN;
    if (cells.length !== 6 || Number.isNaN(score))
      throw new DataError(
        `${file}:${number}: line must be query, Q0, document, rank, score, tag, got "${text}"`,
      );
    const list = run.get(cells[0]!) ?? [];
    list.push({ id: cells[2]!, score });
    run.set(cells[0]!, list);
  }
  let repeated = 0;
  for (const list of run.values()) {
    list.sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1));
    repeated += list.length - new Set(list.map(({ id }) => id)).size;
  }
  if (repeated > 0)
    listener.line?.(
      `${file}: ${repeated} documents are listed again by their query, each counts at its first place`,
    );
  return run;
}

/**
 * Writes a TREC run. trec_eval sorts by score and breaks ties by document id; where that would change the order, scores
 * are lowered by the smallest step that keeps it. Ids are written as {@link trecId} makes them.
 *
 * @param tag name of the system
 */
export function writeTrecRun(file: string, run: RankedRun, tag: string): void {
  atomicWriteParts(file, runLines(run, trecId(tag)));
}

/** One line of a run file, the score with that many decimals (null: as many as it has). */
export function trecRunLine(
  query: string,
  document: string,
  rank: number,
  score: number,
  tag: string,
  decimals: number | null = 6,
): string {
  const written = decimals === null ? `${score}` : score.toFixed(decimals);
  return `${trecId(query)} Q0 ${trecId(document)} ${rank} ${written} ${trecId(tag)}\n`;
}

function* runLines(run: RankedRun, tag: string): Generator<string> {
  for (const [query, list] of run) {
    let block = "";
    let above = Number.POSITIVE_INFINITY;
    for (const [index, { id, score }] of list.entries()) {
      const written = score < above ? score : below(above);
      above = written;
      block += trecRunLine(query, id, index + 1, written, tag, null);
    }
    yield block;
  }
}

/** A little less than x, and still less in single precision, which trec_eval reads. */
function below(x: number): number {
  return x - Math.max(Math.abs(x), 1e-30) * 2 ** -22;
}

/**
 * An id as TREC files hold it. Blanks part their columns, so an id with blanks has them, and its per cent signs, written as
 * in URLs: `poker face` → `poker%20face`. Other ids stay as they are.
 *
 * @throws RangeError for an empty id
 */
export function trecId(id: string): string {
  if (id === "") throw new UserError("TREC format: ids must not be empty, got an empty one");
  return /\s/u.test(id) ? id.replace(/[%\s]/gu, encodeURIComponent) : id;
}
