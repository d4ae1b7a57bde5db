import { GRADES } from "../../browser/judging/grades.js";
import { readCsv } from "../../datasets/csv.js";
import { checkJudgements, type Judgement, type JudgementFile } from "../../datasets/judgements.js";
import type { TextColumns } from "../../datasets/parquet.js";
import { readQrels } from "../../datasets/trec.js";
import { DataError } from "../../files/data-error.js";
import { UserError } from "../../files/user-error.js";
import type { JudgedSet } from "./judged-set.js";

export interface TableOptions {
  /** Who judged, where the file does not say. */
  judge?: string;
  /** The judge is a program. */
  machine?: boolean;
  /** Columns of a Label Studio table: query and document (ids of the data set, or the query's text) and grade. */
  columns?: { query?: string; document?: string; grade?: string };
  /** Told what is left out. */
  listener?: { line?(text: string): void };
}

/** Columns that Label Studio writes beside those of the task and of its labels. */
const LABEL_STUDIO = ["annotator", "annotation_id", "created_at", "updated_at", "lead_time", "was_cancelled"];

const GUESSED = {
  query: ["query_id", "query", "search", "search_phrase", "query_text"],
  document: ["document_id", "doc_id", "docid", "document", "product_id"],
  grade: ["grade", "rating", "relevance", "label", "choice"],
};

/** A line before it is checked. */
interface Line {
  query: string;
  document: string;
  grade: string;
  judge: string;
  when: string | null;
}

/**
 * Judgements of other tools: Quepid's `query,docid,rating` of a case and `query,docid,JUDGE,…` of a book, Label Studio's CSV, or
 * TREC's qrels. Queries are known by id or text.
 *
 * @throws UserError without a judge where the file names none; DataError where most lines are not of the data set, and for grades
 *   that are no whole numbers
 * @see https://github.com/o19s/quepid/blob/main/app/controllers/api/v1/books_controller.rb and
 *   https://github.com/HumanSignal/label-studio-converter/blob/master/label_studio_converter/exports/csv2.py for the columns
 */
export function importTable(file: string, set: JudgedSet, options: TableOptions = {}): JudgementFile {
  const { listener = {} } = options;
  const { lines, source } = /\.(csv|tsv)$/i.test(file) ? csvLines(file, options) : qrelsLines(file, options);
  const judgements: Judgement[] = [];
  let unknown = 0;
  let example = "";
  for (const { query, document, grade, judge, when } of lines) {
    const queryId = set.queryOf(query);
    const documentId = set.documentOf(document);
    if (queryId === undefined || documentId === undefined) {
      unknown++;
      example ||= queryId === undefined ? `query "${query}"` : `document "${document}"`;
      continue;
    }
    judgements.push({
      ...{ query: queryId, document: documentId, grade: gradeOf(grade, file), judge, pass: 1, when, source },
      ...(options.machine && { machine: true as const }),
    });
  }
  if (unknown * 2 >= lines.length)
    throw new DataError(
      `${file}: must judge documents of ${set.header.dataset}, set "${set.header.set}", got those of another data set: ${unknown} of ${lines.length} lines name others, such as ${example || "none"}`,
    );
  if (unknown > 0)
    listener.line?.(`${file}: ${unknown} of ${lines.length} grades are left out, such as ${example}`);
  refuseContradictions(judgements, file);
  const once = new Map(
    judgements.map((line) => [`${line.query}\u0000${line.document}\u0000${line.judge}`, line]),
  );
  return checkJudgements(file, { header: set.header, judgements: [...once.values()] });
}

function refuseContradictions(judgements: readonly Judgement[], file: string): void {
  const first = new Map<string, Judgement>();
  for (const line of judgements) {
    const key = `${line.query}\u0000${line.document}\u0000${line.judge}`;
    const before = first.get(key);
    if (before && before.grade !== line.grade)
      throw new DataError(
        `${file}: a judge must give a document one grade for a query, got ${before.grade} and ${line.grade} by ${line.judge} for "${line.document}" and query "${line.query}"`,
      );
    first.set(key, line);
  }
}

function csvLines(file: string, options: TableOptions): { lines: Line[]; source: string } {
  const { columns, report } = readCsv(file, null, { maxMalformed: Number.POSITIVE_INFINITY });
  const names = Object.keys(columns);
  // Quepid writes a query that nobody has rated without the other cells
  const [bad] = report.malformedExamples;
  if (bad)
    options.listener?.line?.(
      `${file}: ${report.malformed} lines are left out, such as ${bad.line}: ${bad.reason}`,
    );
  if (LABEL_STUDIO.every((name) => names.includes(name))) return labelStudio(file, columns, options);
  if (names[0] === "query" && names[1] === "docid" && names.length > 2) return quepid(file, columns, options);
  throw new DataError(
    `${file}: must have Quepid's columns (query, docid, rating or judges) or Label Studio's (${LABEL_STUDIO.join(", ")}), got ${names.join(", ")}`,
  );
}

function quepid(
  file: string,
  columns: TextColumns,
  options: TableOptions,
): { lines: Line[]; source: string } {
  const [query, document, ...judges] = Object.keys(columns);
  const single = judges.length === 1 && judges[0] === "rating";
  const lines = judges.flatMap((column) =>
    columns[column]!.flatMap((grade, i) =>
      grade.trim() === ""
        ? []
        : [
            {
              ...{ query: columns[query!]![i]!.trim(), document: columns[document!]![i]!.trim(), grade },
              ...{ judge: single ? judgeOf(options, file) : column.trim(), when: null },
            },
          ],
    ),
  );
  return { lines, source: single ? "Quepid, case" : "Quepid, book" };
}

function labelStudio(
  file: string,
  columns: TextColumns,
  options: TableOptions,
): { lines: Line[]; source: string } {
  const names = Object.keys(columns);
  const column = (what: keyof typeof GUESSED): readonly string[] => {
    const given = options.columns?.[what];
    const name = given ?? GUESSED[what].find((guess) => names.includes(guess));
    if (name === undefined || !names.includes(name))
      throw new DataError(
        `${file}: column of the ${what} must be named with --columns ${what}=NAME, one of ${names.filter((one) => !LABEL_STUDIO.includes(one)).join(", ")}, got ${given ?? "none"}`,
      );
    return columns[name]!;
  };
  const [query, document, grade] = [column("query"), column("document"), column("grade")];
  const lines = query.flatMap((text, i) =>
    /^true$/i.test(columns["was_cancelled"]![i]!) || grade[i]!.trim() === ""
      ? []
      : [
          {
            ...{ query: text.trim(), document: document[i]!.trim(), grade: grade[i]! },
            ...{ judge: columns["annotator"]![i]!.trim(), when: dateOf(columns["created_at"]![i]!) },
          },
        ],
  );
  return { lines, source: "Label Studio" };
}

function qrelsLines(file: string, options: TableOptions): { lines: Line[]; source: string } {
  const judge = judgeOf(options, file);
  const lines = [...readQrels(file)].flatMap(([query, grades]) =>
    [...grades].map(([document, grade]) => ({ query, document, grade: String(grade), judge, when: null })),
  );
  return { lines: lines.filter(({ grade }) => Number(grade) >= 0), source: "qrels" };
}

function judgeOf({ judge }: TableOptions, file: string): string {
  if (judge === undefined)
    throw new UserError(`judge: must be named for ${file}, which does not say who judged, got none`);
  return judge;
}

/** A whole number, also with words behind it ("2 relevant"), or what the keys 0 to 3 mean. */
function gradeOf(text: string, file: string): number {
  const number = /^\s*(\d{1,3})(\.0*)?(?!\d|\.)\b/.exec(text);
  if (number) return Number(number[1]);
  const named = GRADES.findIndex((name) => name === text.trim().toLowerCase());
  if (named >= 0) return named;
  throw new DataError(
    `${file}: grades must be whole numbers from 0, or ${GRADES.join(", ")}, got ${JSON.stringify(text)}`,
  );
}

function dateOf(text: string): string | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
