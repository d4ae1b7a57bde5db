/** A query of a judging task. */
export interface TaskQuery {
  id: string;
  text: string;
  /** Address of the picture that is the query, as data. */
  picture?: string;
  /** Of each system the best k documents, best first, as places in the task's documents. */
  lists: readonly (readonly number[])[];
  /** Grades that are there already: document and grade. */
  known?: readonly (readonly [number, number])[];
}

/** A document as it is shown: all that a judge sees of it. */
export interface TaskDocument {
  id: string;
  /** Texts of the task's fields. */
  texts: readonly string[];
  /** Address of its picture, as data. */
  picture?: string;
  /** Hash of texts and picture, its first 16 digits: what the judge saw. */
  sha256: string;
}

/** A document that a list wants judged. */
export interface QueuedDocument {
  query: number;
  document: number;
  reason: string;
}

/** What is to be judged: all that the page carries and the server sends. */
export interface JudgingTask {
  /** Hash of all below: which judgements belong to it. */
  id: string;
  dataset: string;
  fingerprint: string | null;
  set: string;
  /** By which the systems are compared, the others with the first. */
  measure: string;
  /** Documents of each system that are pooled. */
  k: number;
  seed: number;
  /** Share of queries drawn all alike, in (0, 1]. */
  random: number;
  /** Share of documents asked for twice. */
  secondPass: number;
  systems: readonly string[];
  guidelines: string;
  /** Columns that are shown, the first as heading. */
  fields: readonly string[];
  documents: readonly TaskDocument[];
  queries: readonly TaskQuery[];
  /** Where given, these are asked and nothing is drawn. */
  queue?: readonly QueuedDocument[];
}

/** A query that was drawn, and what was expected of it then: all that an unbiased estimate needs. */
export interface JudgingDraw {
  query: number;
  /** With which it was drawn, of the queries that were left. */
  probability: number;
  /** Its documents, the one first whose label was expected to change most. */
  documents: DrawnDocument[];
  /** How many of them are asked, from the first. */
  asked: number;
  /** Sum of the differences that were expected of all queries left, of each system from the first. */
  guesses: number[];
}

export interface DrawnDocument {
  document: number;
  /** Chance that it is asked, once the query is drawn. */
  chance: number;
  /** Grade that was expected. */
  grade: number;
}

/** What was said about a document. */
export interface JudgingAnswer {
  query: number;
  document: number;
  /** null: unsure */
  grade: number | null;
  pass: 1 | 2;
  /** ISO 8601 */
  when: string;
  /** Place among the query's documents, from 1. */
  place: number;
  note?: string;
}

/** What a judge has done: what is stored and exported. */
export interface JudgingLog {
  /** id of the task */
  task: string;
  judge: string;
  draws: JudgingDraw[];
  answers: JudgingAnswer[];
  /** Query → what its judge takes it to mean; by place. */
  intents: [number, string][];
}
