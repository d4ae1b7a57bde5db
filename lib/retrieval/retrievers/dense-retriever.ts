import type { BatchEncoder } from "../../encoders/batch-encoder.js";
import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { Pool, Row } from "../../experiment/evaluation-set.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { FeaturePipeline } from "../../features/feature-pipeline.js";
import { UserError } from "../../files/user-error.js";
import { exactSearch } from "../indexes/exact-search.js";
import type { Ranked, Retriever } from "./retriever.js";

export interface DenseParts {
  encoder: Encoder;
  queryFeatures: FeaturePipeline;
  documentFeatures: FeaturePipeline;
  /** default: the encoder itself */
  embed?: BatchEncoder;
}

/** Exhaustive cosine search over the documents' embeddings. */
export class DenseRetriever implements Retriever {
  private documents: Float32Array | null = null;

  constructor(
    private readonly parts: DenseParts,
    private readonly metric: "cosine" | "dot" = "cosine",
  ) {}

  async index(pool: Pool): Promise<void> {
    this.documents = await this.embed(this.parts.documentFeatures.encode(pool.items), "document");
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    if (this.documents === null)
      throw new UserError("DenseRetriever.rank: index(pool) must be called first, got no pool");
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
