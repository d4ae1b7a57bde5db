import { z } from "zod";
import { DataError } from "../files/data-error.js";
import { UserError } from "../files/user-error.js";
import { readJsonLines, writeJsonLines } from "./json-lines.js";
import type { Qrels } from "./trec.js";

/** Version of the form of these files. */
const FORM = "qdrl judgements 1";

const name = z.string().min(1).max(200);

const judgementHeader = z.strictObject({
  form: z.literal(FORM),
  dataset: z.string().min(1).describe("name of the data set"),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .describe("of the data set; null where judgements came without one"),
  set: z.string().min(1).describe("evaluation set"),
  session: z
    .strictObject({
      id: z.string(),
      measure: z.string(),
      k: z.int().min(1),
      systems: z.array(z.string()).describe("none where a list was judged"),
      seed: z.int(),
      random: z.number().min(0).max(1).describe("share of queries drawn at random, all alike"),
      secondPass: z.number().min(0).max(1).describe("share of documents asked for twice"),
    })
    .optional()
    .describe("of the judging session, where the judgements are of one"),
});

const judgement = z.strictObject({
  query: z.string().min(1).describe("id of the query in the evaluation set"),
  document: z.string().min(1).describe("id of the document"),
  grade: z
    .int()
    .min(0)
    .max(1000)
    .nullable()
    .describe(
      "null: the judge was unsure; else 0 not relevant, 1 related, 2 relevant, 3 exactly what is wanted, or as imported",
    ),
  judge: name.describe("who"),
  machine: z.literal(true).optional().describe("the judge is a program"),
  pass: z.union([z.literal(1), z.literal(2)]).describe("2: asked again, for agreement with oneself"),
  when: z.iso.datetime({ offset: true }).nullable().describe("null where it is not known"),
  note: z.string().max(10_000).optional(),
  intent: z.string().max(10_000).optional().describe("what the judge took the query to mean"),
  shown: z
    .strictObject({
      query: z.string().describe("text of the query as it was shown"),
      fields: z.array(z.string()).describe("columns of the document that were shown"),
      picture: z.boolean(),
      sha256: z.string().describe("of the shown text and picture, the first 16 digits"),
      place: z.int().min(1).describe("place among the documents of the query, shuffled"),
    })
    .optional(),
  drawn: z
    .strictObject({
      turn: z.int().min(1).describe("how many queries had been drawn then, this one included"),
      probability: z.number().positive().max(1).describe("with which its query was drawn in that turn"),
    })
    .optional()
    .describe("absent where the document came from a list rather than from a draw"),
  source: z.string().optional().describe("tool or file that the judgement was imported from"),
});

/** What a file of judgements says at its top. */
export type JudgementHeader = Omit<z.output<typeof judgementHeader>, "form">;

/** What one judge said about one document for one query: a line of the file. */
export type Judgement = z.output<typeof judgement>;

export interface JudgementFile {
  header: JudgementHeader;
  judgements: Judgement[];
}

/**
 * Writes judgements so that `git diff` shows what changed: JSON lines, a header first, then one line a judgement, sorted by
 * query, document, judge and pass.
 */
export function writeJudgements(file: string, { header, judgements }: JudgementFile): void {
  const sorted = [...judgements].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  writeJsonLines(file, [{ form: FORM, ...header }, ...sorted]);
}

/**
 * Reads what {@link writeJudgements} wrote.
 *
 * @throws DataError naming file and line for a line of another form, and for a judge who grades one document twice in a pass
 */
export function readJudgements(file: string): JudgementFile {
  const { records, lines } = readJsonLines(file, { maxMalformed: 0 });
  const checked = <T>(schema: z.ZodType<T>, i: number, what: string): T => {
    const parsed = schema.safeParse(records[i]);
    if (parsed.success) return parsed.data;
    const { path, message } = parsed.error.issues[0]!;
    throw new DataError(
      `${file}:${lines[i] ?? 1}: must be ${what}, got ${path.length > 0 ? `"${path.join(".")}": ` : ""}${message}`,
    );
  };
  const { form: _, ...header } = checked(judgementHeader, 0, `the header of judgements ("form": "${FORM}")`);
  const seen = new Map<string, number>();
  const judgements = records.slice(1).map((_record, i) => {
    const line = checked(judgement, i + 1, "a judgement");
    const key = keyOf(line);
    const before = seen.get(key);
    if (before !== undefined)
      throw new DataError(
        `${file}:${lines[i + 1]}: a judge must grade a document once for a query and pass, got "${line.document}" for query "${line.query}" again after line ${before}`,
      );
    seen.set(key, lines[i + 1]!);
    return line;
  });
  return { header: header as JudgementHeader, judgements };
}

/** Judgements made from another form. @throws DataError naming `where` it comes from, for what could not be written */
export function checkJudgements(where: string, { header, judgements }: JudgementFile): JudgementFile {
  const parsed = z
    .strictObject({ header: judgementHeader.omit({ form: true }), judgements: z.array(judgement) })
    .safeParse({ header, judgements });
  if (parsed.success)
    return { header: parsed.data.header as JudgementHeader, judgements: parsed.data.judgements };
  const { path, message } = parsed.error.issues[0]!;
  throw new DataError(`${where}: must hold judgements, got "${path.join(".")}": ${message}`);
}

function keyOf({ query, document, judge, pass }: Judgement): string {
  return [query, document, judge, pass].join("\u0000");
}

/** What to do where judges differ: refuse, or take the most frequent grade (of equally frequent ones the lower), the lowest, or the highest. */
export const CONFLICT_RULES = ["refuse", "majority", "lowest", "highest"] as const;
export type ConflictRule = (typeof CONFLICT_RULES)[number];

export interface QrelsOptions {
  /** Default refuse. */
  conflicts?: ConflictRule;
  /** Judges that are programs and are to count beside people; default none. */
  machines?: readonly string[];
}

/**
 * One grade a document, for scoring and training: first passes of people, of programs only where they are named; unsure ones
 * leave the document unjudged.
 *
 * @param files  as {@link readJudgements} gives them, all of one data set and evaluation set
 * @throws UserError for files of different data, a program that no file has, judges who differ where that is refused, and
 *   where nothing is left
 */
export function judgedQrels(files: readonly JudgementFile[], options: QrelsOptions = {}): Qrels {
  const { conflicts = "refuse", machines = [] } = options;
  const [first] = files;
  for (const { header } of files) checkSameData(header, first!.header);
  const all = files.flatMap(({ judgements }) => judgements);
  const programs = [...new Set(all.filter(({ machine }) => machine).map(({ judge }) => judge))];
  const unknown = machines.find((judge) => !programs.includes(judge));
  if (unknown !== undefined)
    throw new UserError(`machines: must be of ${programs.join(", ") || "none"}, got "${unknown}"`);
  const given = new Map<string, Map<string, { judge: string; grade: number }[]>>();
  for (const { query, document, grade, judge, machine, pass } of all) {
    if (pass !== 1 || grade === null || (machine && !machines.includes(judge))) continue;
    const documents = given.get(query) ?? new Map<string, { judge: string; grade: number }[]>();
    documents.set(document, [...(documents.get(document) ?? []), { judge, grade }]);
    given.set(query, documents);
  }
  if (given.size === 0)
    throw new UserError(
      `judgements: at least one must be a person's, or a program's that is named, got none${programs.length > 0 ? ` (programs: ${programs.join(", ")})` : ""}`,
    );
  return new Map(
    [...given].map(([query, documents]) => [
      query,
      new Map(
        [...documents].map(([document, grades]) => [
          document,
          oneGrade(grades, conflicts, `document "${document}" and query "${query}"`),
        ]),
      ),
    ]),
  );
}

function oneGrade(
  given: readonly { judge: string; grade: number }[],
  rule: ConflictRule,
  where: string,
): number {
  const grades = given.map(({ grade }) => grade).sort((a, b) => a - b);
  if (grades[0] === grades.at(-1)) return grades[0]!;
  if (rule === "lowest") return grades[0]!;
  if (rule === "highest") return grades.at(-1)!;
  if (rule === "majority") {
    const times = (grade: number) => grades.filter((other) => other === grade).length;
    return grades.reduce((best, grade) => (times(grade) > times(best) ? grade : best));
  }
  throw new UserError(
    `judgements: judges must agree on ${where}, got ${given.map(({ judge, grade }) => `${grade} by ${judge}`).join(" and ")}; choose what counts with --conflicts ${CONFLICT_RULES.slice(1).join("|")}`,
  );
}

/** @throws UserError where two sources are of different data sets, states of one, or evaluation sets */
export function checkSameData(
  got: Pick<JudgementHeader, "dataset" | "set" | "fingerprint">,
  wanted: Pick<JudgementHeader, "dataset" | "set" | "fingerprint">,
): void {
  const named = ({ dataset, set }: Pick<JudgementHeader, "dataset" | "set">) => `${dataset}, set "${set}"`;
  if (named(got) !== named(wanted))
    throw new UserError(`judgements: must be of ${named(wanted)}, got those of ${named(got)}`);
  if (got.fingerprint !== null && wanted.fingerprint !== null && got.fingerprint !== wanted.fingerprint)
    throw new UserError(
      `judgements: must be of ${named(wanted)} with fingerprint ${wanted.fingerprint.slice(0, 12)}…, got ${got.fingerprint.slice(0, 12)}…; the data set has changed since`,
    );
}
