import path from "node:path";
import { checkSameData, type JudgementFile, judgedQrels, readJudgements } from "../datasets/judgements.js";
import { type Qrels, readQrels, trecId } from "../datasets/trec.js";
import { UserError } from "../files/user-error.js";
import type { EvaluationSet, PoolQuery } from "./evaluation-set.js";
import type { EvaluatedJudgements, JudgementsConfig } from "./sections/judgements.js";

/** Judgements as files give them: ids as there, which in TREC's form may be written otherwise. */
export interface JudgedGrades {
  /** Evaluation set; null: not said. */
  set: string | null;
  grades: Qrels;
  /** Names the files in messages. */
  source: string;
}

/**
 * Reads judgements, one grade a document.
 *
 * @param dataset  that they must be of, where they say
 * @throws UserError for judgements of another data set, and judges who differ where that is refused
 */
export function readJudgedGrades(
  { files, set, conflicts, machines }: JudgementsConfig,
  dataset: { name: string; fingerprint: string },
): JudgedGrades {
  const source = files.join(", ");
  const judged = files.filter((file) => file.endsWith(".jsonl")).map(readJudgements);
  const said = judged[0]?.header.set ?? set;
  if (said !== set && set !== null)
    throw new UserError(`${source}: judgements must be of set "${set}", got those of "${said}"`);
  const header = { dataset: dataset.name, fingerprint: dataset.fingerprint, set: said ?? "not said" };
  for (const file of judged) checkSameData(file.header, header);
  const lists = files.filter((file) => !file.endsWith(".jsonl")).map((file) => asJudge(file, header));
  return { set: said, grades: judgedQrels([...judged, ...lists], { conflicts, machines }), source };
}

/** A list of grades as what one judge said; a negative grade is none, as in trec_eval. */
function asJudge(file: string, header: JudgementFile["header"]): JudgementFile {
  const judge = path.basename(file);
  const judgements = [...readQrels(file)].flatMap(([query, documents]) =>
    [...documents]
      .filter(([, grade]) => grade >= 0)
      .map(([document, grade]) => ({ query, document, grade, judge, pass: 1 as const, when: null })),
  );
  return { header, judgements };
}

/**
 * Evaluation sets with further judgements: where a document has two grades, the further one counts; documents graded above 0
 * are relevant, those graded 0 are not, and queries that gain a relevant document are asked.
 *
 * @returns the sets, what was taken, and a line for what had no place
 * @throws UserError where no judged query, or no judged document of one, is known: judgements of another data set
 */
export function withJudgements(
  sets: readonly EvaluationSet[],
  { set: of, grades, source }: JudgedGrades,
  { queries: which }: Pick<EvaluatedJudgements, "queries">,
): { sets: EvaluationSet[]; counts: Record<string, number>; line: string | null } {
  const counts: Record<string, number> = {};
  const placed = new Set<string>();
  let [taken, strange] = [0, 0];
  const revised = sets.map((set): EvaluationSet => {
    if (of !== null && set.name !== of) return set;
    const indexOf = new Map(set.pool.ids.flatMap((id, i) => [[trecId(id), i] as const, [id, i] as const]));
    const before = taken;
    const judged = (query: PoolQuery): PoolQuery | null => {
      const id = grades.has(query.id) ? query.id : trecId(query.id);
      const given = grades.get(id);
      if (given === undefined) return which === "judged" ? null : query;
      placed.add(id);
      const [own, relevant] = [new Map(query.grades), new Set(query.relevant)];
      for (const [document, grade] of given) {
        const index = indexOf.get(document);
        if (index === undefined) {
          strange++;
          continue;
        }
        taken++;
        own.set(index, grade);
        if (grade > 0) relevant.add(index);
        else relevant.delete(index);
      }
      return { ...query, grades: own, relevant };
    };
    const found = [...set.queries, ...(set.unanswerable ?? [])].flatMap((query) => judged(query) ?? []);
    const [queries, unanswerable] = [
      found.filter(({ relevant }) => relevant.size > 0),
      found.filter(({ relevant }) => relevant.size === 0),
    ];
    counts[`${set.name} further judgements`] = taken - before;
    return { ...set, queries, unanswerable, skippedQueries: unanswerable.length };
  });
  const [first] = grades.keys();
  const names = sets.map(({ name }) => name);
  if (of !== null && !names.includes(of))
    throw new UserError(
      `${source}: judgements must be of a set that is evaluated (${names.join(", ")}), got those of "${of}"`,
    );
  if (placed.size === 0)
    throw new UserError(
      `${source}: judgements must be of queries of ${of ?? names.join(", ")}, got ${first} and ${grades.size - 1} others that are none`,
    );
  if (taken === 0)
    throw new UserError(
      `${source}: judgements must be of documents of the pool, got ${strange} that are not there`,
    );
  const queries = grades.size - placed.size;
  const line =
    queries + strange === 0
      ? null
      : `${source}: ${queries} judged queries and ${strange} judged documents are not in the sets evaluated; they count nowhere`;
  return { sets: revised, counts, line };
}
