import { type PublishedTable, thesisTables } from "./thesis-tables.js";

/** One experiment of the thesis: a sweep, what was published, how it is drawn. */
export interface ThesisExperiment {
  key: string;
  /** Section of the report and question of the notebook. */
  title: string;
  question: string;
  sweep: string;
  /** null where the thesis shows a figure without numbers. */
  published: PublishedTable | null;
  /** The swept number, read from a row's name; null where rows are not numbers. */
  parameter: { title: string; valueOf: (row: string) => number } | null;
}

/** The number at the end of a row's name: "m 0.3" is 0.3. */
const lastNumber = (row: string): number => Number(row.split(" ").at(-1));

/** The experiments that are sweeps, in the order of the thesis. */
export const thesisExperiments = {
  margin: {
    key: "margin",
    title: "Triplet margin",
    question: "Which margin should the in-batch triplet loss have, and how much does it matter?",
    sweep: "configs/sweeps/margin.yaml",
    published: thesisTables.margin,
    parameter: { title: "margin m", valueOf: lastNumber },
  },
  temperature: {
    key: "temperature",
    title: "Softmax temperature",
    question: "Which temperature should the in-batch softmax have, and how much does it matter?",
    sweep: "configs/sweeps/temperature.yaml",
    published: thesisTables.temperature,
    parameter: { title: "temperature τ", valueOf: lastNumber },
  },
  modality: {
    key: "modality",
    title: "Text and category",
    question: "Does a category beside the text make document embeddings better?",
    sweep: "configs/sweeps/category-feature.yaml",
    published: thesisTables.modality,
    parameter: null,
  },
  depth: {
    key: "depth",
    title: "Depth and width",
    question: "How deep and how wide should the towers be?",
    sweep: "configs/sweeps/depth.yaml",
    published: thesisTables.depth,
    parameter: null,
  },
  tokens: {
    key: "tokens",
    title: "Tokens and typos",
    question: "Do character trigrams beside words help when queries are misspelled?",
    sweep: "configs/sweeps/tokens.yaml",
    published: null,
    parameter: null,
  },
  negatives: {
    key: "negatives",
    title: "Random and mixed negatives",
    question: "Do negatives drawn from all documents help, instead of or beside those of the batch?",
    sweep: "configs/sweeps/negatives.yaml",
    published: null,
    parameter: null,
  },
} as const satisfies Record<string, ThesisExperiment>;

export type ExperimentKey = keyof typeof thesisExperiments;
