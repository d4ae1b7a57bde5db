import { readTrainingRows } from "../../datasets/training-rows.js";
import type { Listener } from "../../engine/progress.js";
import type { Random } from "../../engine/random/random.js";
import { addDocumentPairs } from "../../experiment/document-pairs.js";
import { labelledRows } from "../../experiment/labelled-rows.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { LabelStore, SideReading } from "./label-store.js";

type Row = Readonly<Record<string, string>>;

/** Pairs kept to rehearse at most: the first of the files. */
const MOST_PAIRS = 100_000;

/** Pairs drawn from a run's own training data. */
export interface Rehearsed {
  queries: FeatureBatch;
  documents: FeatureBatch;
  /** numbers of the queries: position in the store of questions, below 0 for one that is not there */
  questionIds: Int32Array;
  /** likewise of the documents */
  documentIds: Int32Array;
}

/**
 * What a run was trained on, drawn from anew at every step, so that a model does not forget it for the sake of a few labels.
 *
 * @see Rolnick et al. 2019, arXiv:1811.11682 (experience replay)
 */
export class Rehearsal {
  /** @param known  documents of each query by its key, to be no negatives of it */
  private constructor(
    private readonly reading: { query: SideReading; document: SideReading },
    private readonly pairs: readonly { query: Row; document: Row; question: number; answer: number }[],
    private readonly known: ReadonlyMap<number, ReadonlySet<number>>,
  ) {}

  /**
   * Reads the pairs that a configuration trains on: labelled ones, and those made of documents' own texts.
   *
   * @param questions  a store of queries, null where questions are documents
   */
  static async read(
    config: ExperimentConfig,
    reading: { query: SideReading; document: SideReading },
    stores: { questions: LabelStore | null; documents: LabelStore },
    listener: Listener,
  ): Promise<Rehearsal> {
    const names = { query: reading.query.rows.names, document: reading.document.rows.names };
    const columns = [...new Set([...names.query, ...names.document])];
    const limits = { maxMalformed: config.max_malformed_rows, onError: config.on_error };
    const all = config.dataset.labelled_pairs === null;
    const { columns: texts } = all
      ? await readTrainingRows(config.dataset_dir, "training", columns, { ...limits, maxRows: MOST_PAIRS })
      : await labelledRows(config, columns);
    addDocumentPairs(config.dataset, texts, names, stores.documents.rows);
    const questionOf = numbering(stores.questions, names.query);
    const answerOf = numbering(stores.documents, names.document);
    const known = new Map<number, Set<number>>();
    const cells = (of: readonly string[], at: number): Row =>
      Object.fromEntries(of.map((name) => [name, texts[name]![at]!]));
    const pairs = Array.from({ length: texts[columns[0]!]!.length }, (_, at) => {
      const [query, document] = [cells(names.query, at), cells(names.document, at)];
      const [question, answer] = [questionOf(query), answerOf(document)];
      const answers = known.get(question) ?? new Set<number>();
      known.set(question, answers.add(answer));
      return { query, document, question, answer };
    });
    await reading.query.readers.prepare(
      pairs.map(({ query }) => query),
      listener,
    );
    await reading.document.readers.prepare(
      pairs.map(({ document }) => document),
      listener,
    );
    return new Rehearsal(reading, pairs, known);
  }

  /** Whether the training data name a document for a question. */
  knows(question: number, document: number): boolean {
    return this.known.get(question)?.has(document) ?? false;
  }

  /** Some pairs, each once; fewer where there are fewer. */
  draw(count: number, random: Random): Rehearsed {
    const drawn = new Set<number>();
    const wanted = Math.min(count, this.pairs.length);
    while (drawn.size < wanted) drawn.add(random.int(this.pairs.length));
    const chosen = Array.from(drawn, (at) => this.pairs[at]!);
    return {
      queries: this.reading.query.pipeline.encode(chosen.map(({ query }) => query)),
      documents: this.reading.document.pipeline.encode(chosen.map(({ document }) => document)),
      questionIds: Int32Array.from(chosen, ({ question }) => question),
      documentIds: Int32Array.from(chosen, ({ answer }) => answer),
    };
  }
}

/** Numbers of rows: their place in a store, or one below 0 of their own; equal rows have equal numbers. */
function numbering(store: LabelStore | null, names: readonly string[]): (row: Row) => number {
  const keyOf = (row: Row) => JSON.stringify(names.map((name) => row[name]));
  const numbers = new Map<string, number>();
  store?.rows.forEach((row, at) => {
    const key = keyOf(row);
    if (!numbers.has(key)) numbers.set(key, at);
  });
  let further = 0;
  return (row) => {
    const key = keyOf(row);
    let number = numbers.get(key);
    if (number === undefined) {
      number = --further;
      numbers.set(key, number);
    }
    return number;
  };
}
