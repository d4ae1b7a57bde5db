import type { Bm25Config } from "../../experiment/bm25-schema.js";
import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { trainingQueriesOf } from "../../experiment/training-queries.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import type { Bm25Options } from "../lexical/bm25.js";
import { FieldedBm25Index } from "../lexical/fielded-bm25.js";
import { ngramAnalyzer } from "../lexical/ngram-analysis.js";
import { createAnalyzer } from "../lexical/text-analysis.js";
import type { Ranked, Retriever } from "./retriever.js";

/** The searcher that a configuration describes, before it has indexed anything. */
export function bm25Retriever(config: Bm25Config): Bm25Retriever {
  const { analysis, query_text: query } = config;
  const documents = documentColumns(config);
  return new Bm25Retriever({
    query,
    fields: config.fields?.map((field) => ({
      columns: field.document_text,
      trainingQueries: field.training_queries,
      weight: field.weight,
    })) ?? [{ columns: documents, trainingQueries: false, weight: 1 }],
    trainingQueries: (pool) =>
      trainingQueriesOf(config.dataset_dir, { query, documents }, pool, {
        maxMalformed: config.max_malformed_rows,
      }),
    k1: config.k1,
    b: config.b,
    variant: config.variant,
    ...(config.delta === undefined ? {} : { delta: config.delta }),
    ...analyzerOf(analysis),
  });
}

function analyzerOf(analysis: Bm25Config["analysis"]): { analyze?: (text: string) => string[] } {
  if (analysis.type === "cleaned") return {};
  if (analysis.type === "ngrams") {
    const ngrams = ngramAnalyzer({
      minLength: analysis.min_length,
      maxLength: analysis.max_length,
      words: analysis.words,
    });
    return { analyze: (text) => ngrams(cleanPhrase(text)) };
  }
  return {
    analyze: createAnalyzer({
      stopWords: analysis.stop_words,
      stemmer: analysis.stemmer,
      minLength: analysis.min_length,
    }),
  };
}

/** Columns searched in. */
export function documentColumns(config: Bm25Config): string[] {
  return typeof config.document_text === "string" ? [config.document_text] : config.document_text;
}

/** What happens to a query before typos and analysis: the standard analysis reads texts as they are written. */
export function queryPreparation(config: Bm25Config): (text: string) => string {
  return config.analysis.type === "standard" ? (text) => text : cleanPhrase;
}

/** A part of a document: columns, and the training queries that it answers if wanted, joined by spaces. */
export interface Bm25Field {
  columns: readonly string[];
  trainingQueries: boolean;
  weight: number;
}

/** How {@link Bm25Retriever} reads texts and scores. */
export interface Bm25RetrieverOptions extends Bm25Options {
  /** Query column. */
  query: string;
  /** What is searched in; several fields are scored apart and summed. */
  fields: readonly Bm25Field[];
  /** One text per document for the fields that ask for it; see trainingQueriesOf. */
  trainingQueries?: (pool: Pool) => Promise<string[]>;
  /** Text → tokens; default: cleaned and split at spaces, the tokens that encoders read. */
  analyze?: (text: string) => string[];
}

/** BM25 over document columns, in one field or several. */
export class Bm25Retriever implements Retriever {
  private built: FieldedBm25Index | null = null;

  constructor(private readonly options: Bm25RetrieverOptions) {}

  async index(pool: Pool): Promise<void> {
    const { fields, analyze = cleanWords, trainingQueries } = this.options;
    const asked = fields.some((field) => field.trainingQueries) ? await trainingQueries!(pool) : null;
    this.built = FieldedBm25Index.build(
      fields.map(({ columns, weight, trainingQueries: withQueries }) => ({
        weight,
        tokens: pool.items.map((item, i) => {
          const texts = columns.map((column) => ownEntry(item, column) ?? "");
          if (withQueries) texts.push(asked![i]!);
          return analyze(texts.join(" "));
        }),
      })),
      this.options,
    );
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    const index = this.built;
    if (index === null)
      throw new UserError("Bm25Retriever.rank: index(pool) must be called first, got no pool");
    const { query: column, analyze = cleanWords } = this.options;
    return queries.map((query) => index.search(analyze(ownEntry(query, column) ?? ""), k));
  }
}

function cleanWords(text: string): string[] {
  return cleanPhrase(text)
    .split(" ")
    .filter((word) => word !== "");
}
