import fs from "node:fs";
import path from "node:path";
import {
  checkSameData,
  type Judgement,
  type JudgementFile,
  readJudgements,
  writeJudgements,
} from "../../datasets/judgements.js";
import { writeQrels } from "../../datasets/trec.js";
import { UserError } from "../../files/user-error.js";

/** What was written of one judge. */
export interface SavedJudge {
  judge: string;
  machine: boolean;
  judgements: number;
  file: string;
  /** null: nothing was graded */
  qrels: string | null;
}

/**
 * Writes judgements into a folder, two files a judge: `<judge>.jsonl` with all that is known and `<judge>.qrels` with the grades.
 * What the folder has of a judge already is kept, unless the new judgement of a document is later.
 *
 * @throws UserError for judgements of other data there, and for a grade that differs where no time says which is later
 */
export function saveJudgements(folder: string, { header, judgements }: JudgementFile): SavedJudge[] {
  if (judgements.length === 0) throw new UserError(`${folder}: judgements must not be none, got 0`);
  const judges = [...new Set(judgements.map(({ judge }) => judge))];
  return judges.map((judge) => {
    const file = path.join(folder, `${fileName(judge)}.jsonl`);
    const before = fs.existsSync(file) ? readJudgements(file) : { header, judgements: [] };
    checkSameData(header, before.header);
    const other = before.judgements.find((line) => line.judge !== judge);
    if (other)
      throw new UserError(`${file}: must hold the judgements of "${judge}", got those of "${other.judge}"`);
    const merged = new Map(before.judgements.map((line) => [keyOf(line), line]));
    for (const line of judgements.filter((one) => one.judge === judge)) {
      const old = merged.get(keyOf(line));
      if (old && Boolean(old.machine) !== Boolean(line.machine))
        throw new UserError(`${file}: "${judge}" must be a person or a program, got both`);
      if (old && old.grade !== line.grade && (old.when === null || line.when === null))
        throw new UserError(
          `${file}: a judge must give a document one grade for a query, got ${old.grade} and ${line.grade} for "${line.document}" and query "${line.query}", and no time that says which is later`,
        );
      if (!old || (old.when ?? "") <= (line.when ?? "")) merged.set(keyOf(line), line);
    }
    const all = [...merged.values()];
    const mixed = all.find(({ machine }) => Boolean(machine) !== Boolean(all[0]!.machine));
    if (mixed) throw new UserError(`${file}: "${judge}" must be a person or a program, got both`);
    writeJudgements(file, { header: { ...before.header, ...header }, judgements: all });
    const qrels = path.join(folder, `${fileName(judge)}.qrels`);
    const grades = gradesOf(all);
    if (grades.size > 0) writeQrels(qrels, grades, "trec");
    const machine = all[0]!.machine === true;
    return { judge, machine, judgements: all.length, file, qrels: grades.size > 0 ? qrels : null };
  });
}

/** First passes that are not unsure, in the order of the ids. */
function gradesOf(judgements: readonly Judgement[]): Map<string, Map<string, number>> {
  const grades = new Map<string, Map<string, number>>();
  const sorted = [...judgements].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const { query, document, grade, pass } of sorted) {
    if (pass !== 1 || grade === null) continue;
    grades.set(query, (grades.get(query) ?? new Map<string, number>()).set(document, grade));
  }
  return grades;
}

function keyOf({ query, document, pass }: Judgement): string {
  return `${query}\u0000${document}\u0000${pass}`;
}

/** A judge's name as that of a file. */
export function fileName(judge: string): string {
  const plain = judge
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}@._-]+/gu, "-")
    .replace(/^[.-]+/, "");
  return plain === "" ? "judge" : plain.slice(0, 100);
}
