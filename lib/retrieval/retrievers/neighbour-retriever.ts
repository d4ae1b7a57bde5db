import { encodeAll } from "../../encoders/encode-all.js";
import type { DocumentQueries } from "../../experiment/document-queries.js";
import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { UserError } from "../../files/user-error.js";
import { exactSearch } from "../indexes/exact-search.js";
import { TopK } from "../indexes/top-k.js";
import type { DenseParts } from "./dense-retriever.js";
import type { Ranked, Retriever } from "./retriever.js";

export interface NeighbourOptions {
  /** K known queries that vote, ≥ 1. */
  neighbours: number;
  /** τ > 0: the smaller, the more the nearest ones outvote the others. */
  temperature: number;
  /** The known queries with their documents, for a pool. */
  known: (pool: Pool) => Promise<DocumentQueries>;
}

/**
 * k nearest neighbours among known queries: the documents that answered the known queries most like this one.
 *
 * score(d) = Σ over the K nearest known queries q′ that d answers of exp((cos(q, q′) − 1) / τ)
 *
 * Both queries go through the query tower, so a misspelled query finds its neighbours as well as the tower does. Only
 * documents with a known query can be found; a query's list is shorter than k where its neighbours have fewer. Ties go to
 * the lower index. A known query that is the query itself counts too: keep evaluation queries out of the known ones.
 *
 * @see Cover & Hart 1967, doi:10.1109/TIT.1967.1053964 (nearest neighbours); Khandelwal et al. 2020, arXiv:1911.00172, for
 *   votes by a softmax of similarity
 */
export class NeighbourRetriever implements Retriever {
  private memory: { embedded: Float32Array; documents: DocumentQueries["documents"] } | null = null;
  private sums = new Float64Array(0);

  /** @throws RangeError if neighbours is no positive integer or temperature is not above 0 */
  constructor(
    private readonly parts: Omit<DenseParts, "documentFeatures">,
    private readonly options: NeighbourOptions,
  ) {
    const { neighbours, temperature } = options;
    if (!Number.isInteger(neighbours) || neighbours < 1)
      throw new UserError(`NeighbourRetriever: neighbours must be a positive integer, got ${neighbours}`);
    if (!(temperature > 0 && temperature < Infinity))
      throw new UserError(`NeighbourRetriever: temperature must be > 0, got ${temperature}`);
  }

  async index(pool: Pool): Promise<void> {
    const { queries, documents } = await this.options.known(pool);
    this.sums = new Float64Array(pool.items.length);
    this.memory = { embedded: await this.embed(queries), documents };
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    if (this.memory === null)
      throw new UserError("NeighbourRetriever.rank: index(pool) must be called first, got no pool");
    const { embedded, documents } = this.memory;
    const { neighbours, temperature } = this.options;
    const found = await exactSearch({
      documents: embedded,
      dim: this.parts.encoder.outputDim,
      queries: await this.embed(queries),
      k: neighbours,
      metric: "cosine",
    });
    const top = new TopK(k);
    const ids = new Int32Array(k);
    const scores = new Float32Array(k);
    return queries.map((_, q) => {
      const touched: number[] = [];
      for (let n = q * neighbours; n < (q + 1) * neighbours && found.ids[n]! >= 0; n++) {
        const vote = Math.exp((found.scores[n]! - 1) / temperature);
        for (const d of documents[found.ids[n]!]!) {
          if (this.sums[d] === 0) touched.push(d);
          this.sums[d]! += vote;
        }
      }
      for (const d of touched) {
        top.offer(d, this.sums[d]!);
        this.sums[d] = 0;
      }
      const kept = top.drainInto(ids, scores, 0);
      return { ids: ids.slice(0, kept), scores: scores.slice(0, kept) };
    });
  }

  private async embed(queries: readonly Row[]): Promise<Float32Array> {
    const { embed, encoder, queryFeatures } = this.parts;
    const batch = queryFeatures.encode(queries);
    return embed ? embed(batch, "query") : encodeAll(encoder, batch, "query");
  }
}
