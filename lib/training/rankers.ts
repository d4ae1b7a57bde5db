import { encodeAll } from "../encoders/encode-all.js";
import type { Encoder } from "../encoders/encoder.js";
import type { FeatureBatch } from "../features/batch.js";
import type { FeaturePipeline } from "../features/feature-pipeline.js";
import type { Bm25Options } from "../retrieval/bm25.js";
import { exactSearch } from "../retrieval/exact-search.js";
import { FieldedBm25Index } from "../retrieval/fielded-bm25.js";
import { cleanPhrase } from "../tokenizer/clean-phrase.js";
import type { Embedder } from "./embedder.js";
import type { Ranked, Ranker } from "./evaluate.js";
import type { Pool, Row } from "./evaluation-set.js";

export interface DenseParts {
  encoder: Encoder;
  queryFeatures: FeaturePipeline;
  documentFeatures: FeaturePipeline;
  /** default: the encoder itself */
  embed?: Embedder;
}

/** Exhaustive cosine search over the documents' embeddings. */
export class DenseRanker implements Ranker {
  private documents: Float32Array | null = null;

  constructor(
    private readonly parts: DenseParts,
    private readonly metric: "cosine" | "dot" = "cosine",
  ) {}

  async index(pool: Pool): Promise<void> {
    this.documents = await this.embed(this.parts.documentFeatures.encode(pool.items), "document");
  }

  async rank(queries: readonly Row[], k: number): Promise<Ranked[]> {
    if (this.documents === null)
      throw new RangeError("DenseRanker.rank: index(pool) must be called first, got no pool");
    const dim = this.parts.encoder.outputDim;
    const embedded = await this.embed(this.parts.queryFeatures.encode(queries), "query");
    const found = await exactSearch({
      documents: this.documents,
      dim,
      queries: embedded,
      k,
      metric: this.metric,
    });
    return queries.map((_, q) => ({
      ids: found.ids.subarray(q * k, (q + 1) * k),
      scores: found.scores.subarray(q * k, (q + 1) * k),
    }));
  }

  private async embed(batch: FeatureBatch, side: "query" | "document"): Promise<Float32Array> {
    const { embed, encoder } = this.parts;
    return embed ? embed(batch, side) : encodeAll(encoder, batch, side);
  }
}

/** A part of a document: columns, and the training queries that it answers if wanted, joined by spaces. */
export interface Bm25RankerField {
  columns: readonly string[];
  trainingQueries: boolean;
  weight: number;
}

/** How {@link Bm25Ranker} reads texts and scores. */
export interface Bm25RankerOptions extends Bm25Options {
  /** Query column. */
  query: string;
  /** What is searched in; several fields are scored apart and summed. */
  fields: readonly Bm25RankerField[];
  /** One text per document for the fields that ask for it; see trainingQueriesOf. */
  trainingQueries?: (pool: Pool) => Promise<string[]>;
  /** Text → tokens; default: cleaned and split at spaces, the tokens that encoders read. */
  analyze?: (text: string) => string[];
}

/** BM25 over document columns, in one field or several. */
export class Bm25Ranker implements Ranker {
  private built: FieldedBm25Index | null = null;

  constructor(private readonly options: Bm25RankerOptions) {}

  async index(pool: Pool): Promise<void> {
    const { fields, analyze = cleanWords, trainingQueries } = this.options;
    const asked = fields.some((field) => field.trainingQueries) ? await trainingQueries!(pool) : null;
    this.built = FieldedBm25Index.build(
      fields.map(({ columns, weight, trainingQueries: withQueries }) => ({
        weight,
        tokens: pool.items.map((item, i) => {
          const texts = columns.map((column) => item[column] ?? "");
          if (withQueries) texts.push(asked![i]!);
          return analyze(texts.join(" "));
        }),
      })),
      this.options,
    );
  }

  async rank(queries: readonly Row[], k: number): Promise<Ranked[]> {
    const index = this.built;
    if (index === null)
      throw new RangeError("Bm25Ranker.rank: index(pool) must be called first, got no pool");
    const { query: column, analyze = cleanWords } = this.options;
    return queries.map((query) => index.search(analyze(query[column] ?? ""), k));
  }
}

function cleanWords(text: string): string[] {
  return cleanPhrase(text)
    .split(" ")
    .filter((word) => word !== "");
}
