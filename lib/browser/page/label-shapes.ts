// What the labelling server and its page tell each other.

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

/** How far a labelling has come. */
export interface LabelCounters {
  /** questions answered, those ignored among them */
  done: number;
  /** questions that are left */
  left: number;
  positive: number;
  negative: number;
  /** questions answered without a label */
  ignored: number;
  /** documents in the store */
  documents: number;
  /** mean loss of the last answer's steps, null before and where nothing could be compared */
  loss: number | null;
  /** steps of training since the run */
  steps: number;
  /** share of positives among the candidates of the last 20 questions that were answered: what the model found by itself */
  recentPrecision: number | null;
  /** where the model was last saved, and how many answers it had seen */
  saved: { to: string; answers: number } | null;
}

/** What the model is worth by now. */
export interface LabelMeasured {
  measure: string;
  /** evaluation set */
  set: string;
  queries: number;
  value: number;
  /** of the run as it was */
  start: number;
  /** 95 % interval of the change, by bootstrap over queries */
  change: { mean: number; low: number; high: number };
  /** answers that the model had seen */
  answers: number;
}

export interface LabelState {
  run: string;
  counters: LabelCounters;
  settings: { candidates: number; pool: number | null; epochs: number; choice: string; train: string };
  choices: string[];
}
