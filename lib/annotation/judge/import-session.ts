import { type SessionFile, sessionProblem } from "../../browser/judging/session-file.js";
import { checkJudgements, type JudgementFile } from "../../datasets/judgements.js";
import { DataError } from "../../files/data-error.js";

/**
 * The judgements of what the page saved.
 *
 * @param where  names the text in errors
 * @throws DataError for a text that is not whole, or was changed
 */
export function importSession(text: string, where: string): JudgementFile {
  const problem = sessionProblem(text);
  if (problem) throw new DataError(`${where}: a saved session ${problem}`);
  const { task, judge, answers } = parsedSession(text, where);
  const { dataset, fingerprint, set, fields, id, measure, k, systems, seed, random, secondPass } = task;
  return checkJudgements(where, {
    header: {
      ...{ dataset, fingerprint, set },
      session: { id, measure, k, systems: [...systems], seed, random, secondPass },
    },
    judgements: answers.map(({ text: query, place, picture, sha256, ...answer }) => ({
      ...answer,
      judge,
      shown: { query, fields: [...fields], picture, sha256, place },
    })),
  });
}

/** Whole texts that somebody else has made may still be of another form. */
function parsedSession(text: string, where: string): SessionFile {
  const parsed = JSON.parse(text) as Partial<SessionFile>;
  const { task, judge, answers, log } = parsed;
  const formed =
    typeof task === "object" && task !== null && /^[0-9a-f]{16}$/.test(task.id) && typeof judge === "string";
  if (
    !formed ||
    !Array.isArray(task.systems) ||
    !Array.isArray(task.fields) ||
    !Array.isArray(answers) ||
    !log
  )
    throw new DataError(
      `${where}: must have task, judge, answers and log, got ${Object.keys(parsed).join(", ")}`,
    );
  return parsed as SessionFile;
}
