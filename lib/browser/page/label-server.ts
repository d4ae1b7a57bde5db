/** A document as the labelling server shows it. */
export interface LabelDocument {
  id: string;
  text?: string;
  /** address of its picture */
  uri?: string;
  tags?: Record<string, unknown>;
}

export interface LabelMatch extends LabelDocument {
  scores: { cosine: number };
}

export interface LabelQuestion extends LabelDocument {
  matches: LabelMatch[];
}

export interface LabelCounters {
  done: number;
  left: number;
  positive: number;
  negative: number;
  ignored: number;
  documents: number;
  loss: number | null;
  steps: number;
  recentPrecision: number | null;
  saved: { to: string; answers: number } | null;
}

export interface LabelMeasured {
  measure: string;
  set: string;
  queries: number;
  value: number;
  start: number;
  change: { mean: number; low: number; high: number };
  answers: number;
}

export interface LabelState {
  run: string;
  counters: LabelCounters;
  settings: { candidates: number; pool: number | null; epochs: number; choice: string; train: string };
  choices: string[];
}

/** An answer that is no good one, in the server's words. */
export class LabelRefusal extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Asks the labelling server of this page. @throws LabelRefusal for a refusal, TypeError where nobody answers */
export async function askServer<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(path, {
    ...(body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const said = (await answer.json()) as T & { message?: string };
  if (!answer.ok) throw new LabelRefusal(said.message ?? `status ${answer.status}`, answer.status);
  return said;
}
