import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import type { Explanation, TokenShare } from "../explaining/explanation.js";
import type { Bm25Options } from "../lexical/bm25.js";
import { FieldedBm25Index } from "../lexical/fielded-bm25.js";
import type { Ranked, Retriever } from "./retriever.js";

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
  /** Text → tokens. */
  analyze: (text: string) => string[];
}

/** BM25 over document columns, in one field or several. */
export class Bm25Retriever implements Retriever {
  private built: FieldedBm25Index | null = null;

  constructor(private readonly options: Bm25RetrieverOptions) {}

  async index(pool: Pool): Promise<void> {
    const { fields, analyze, trainingQueries } = this.options;
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
    const { query: column, analyze } = this.options;
    return queries.map((query) => index.search(analyze(ownEntry(query, column) ?? ""), k));
  }

  /** What each token of a query's text adds to a document's score, word by word. {@link index} must have been called. */
  explain(text: string, document: number): Explanation {
    const { analyze } = this.options;
    const index = this.built!;
    const tokens: TokenShare[] = [];
    const words = text
      .split(/\s+/u)
      .filter((word) => word !== "")
      .map((word, place) => {
        const shares = analyze(word).map((token) => ({ token, share: index.weightOf(token, document) }));
        for (const { token, share } of shares)
          tokens.push({ text: token, kind: token === word ? "word" : "n-gram", word: place, share });
        return { text: word, share: shares.reduce((sum, { share }) => sum + share, 0), without: null };
      });
    const score = words.reduce((sum, { share }) => sum + share, 0);
    return {
      ...{ method: "lexical", score, tokens, grid: null },
      words: words.map((word) => ({ ...word, without: score - word.share })),
    };
  }
}
