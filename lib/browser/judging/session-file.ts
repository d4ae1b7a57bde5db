import type { Comparison } from "./compare-systems.js";
import type { JudgingLog, JudgingTask } from "./judging-task.js";
import { checksumOf } from "./session-store.js";

/** Version of the form of what the page saves. */
export const SESSION_FORM = "qdrl judging session 1";

/** What the page saves, and `qdrl judge --import` reads. */
export interface SessionFile {
  form: typeof SESSION_FORM;
  task: Pick<
    JudgingTask,
    | "id"
    | "dataset"
    | "fingerprint"
    | "set"
    | "measure"
    | "k"
    | "seed"
    | "random"
    | "secondPass"
    | "systems"
    | "fields"
  >;
  judge: string;
  answers: SavedAnswer[];
  /** How the systems compared when it was saved. */
  comparisons: Comparison[];
  /** What the page goes on from. */
  log: JudgingLog;
}

interface SavedAnswer {
  query: string;
  text: string;
  document: string;
  grade: number | null;
  pass: 1 | 2;
  when: string;
  place: number;
  picture: boolean;
  sha256: string;
  note?: string;
  intent?: string;
  drawn?: { turn: number; probability: number };
}

/** A session as text that can be read without its task, its checksum as the last key. */
export function sessionText(task: JudgingTask, log: JudgingLog, comparisons: readonly Comparison[]): string {
  const { id, dataset, fingerprint, set, measure, k, seed, random, secondPass, systems, fields } = task;
  const turnOf = new Map(log.draws.map((draw, i) => [draw.query, i]));
  const intents = new Map(log.intents);
  const answers = log.answers.map((answer): SavedAnswer => {
    const { id: query, text } = task.queries[answer.query]!;
    const document = task.documents[answer.document]!;
    const turn = turnOf.get(answer.query);
    const draw = turn === undefined ? undefined : log.draws[turn];
    const asked = draw?.documents.find((one) => one.document === answer.document);
    const intent = intents.get(answer.query);
    return {
      ...{ query, text, document: document.id, grade: answer.grade, pass: answer.pass, when: answer.when },
      ...{ place: answer.place, picture: document.picture !== undefined, sha256: document.sha256 },
      ...(answer.note && { note: answer.note }),
      ...(intent && { intent }),
      ...(asked && { drawn: { turn: turn! + 1, probability: draw!.probability * asked.chance } }),
    };
  });
  const file: SessionFile = {
    form: SESSION_FORM,
    task: { id, dataset, fingerprint, set, measure, k, seed, random, secondPass, systems, fields },
    ...{ judge: log.judge, answers, comparisons: [...comparisons], log },
  };
  const open = JSON.stringify(file).slice(0, -1);
  return `${open},"checksum":"${checksumOf(open)}"}\n`;
}

/** What is wrong with a text as a saved session; null: nothing that can be seen from here. */
export function sessionProblem(text: string): string | null {
  if (!text.startsWith(`{"form":"${SESSION_FORM}"`)) return `must begin with "form": "${SESSION_FORM}"`;
  const end = /,"checksum":"([0-9a-f]{8})"}\s*$/.exec(text);
  if (!end) return "must be whole, got one that was cut off";
  return checksumOf(text.slice(0, end.index)) === end[1]
    ? null
    : "must be as it was saved, its checksum does not fit";
}
