import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { BatchEncoder } from "../../encoders/batch-encoder.js";
import { type Listener, throttled } from "../../engine/progress.js";
import type { Pool, Row } from "../../experiment/evaluation-set.js";
import type { FeaturePipeline } from "../../features/feature-pipeline.js";
import { UserError } from "../../files/user-error.js";
import { VectorStore, type VectorStoreHeader } from "../../files/vector-store.js";
import { encodeCorpus, searchStore } from "./encode-corpus.js";
import type { Ranked, Retriever } from "./retriever.js";

export interface DiskRetrieverParts {
  /** folder for the documents' embeddings, one store per pool */
  dir: string;
  /** which weights they are of; stores of others are made anew */
  key: string;
  outputDim: number;
  embed: BatchEncoder;
  queryFeatures: FeaturePipeline;
  documentFeatures: FeaturePipeline;
  listener?: Listener;
  /** told how long it took to embed how many documents that were not there */
  onEncoded?: (seconds: number, documents: number) => void;
}

/** Documents embedded and written at a time: what an interruption can lose. */
const BLOCK = 256;

/**
 * Exhaustive search over documents' embeddings that are kept on disk: encoding goes on where it was interrupted, and is not
 * done again for the same weights and documents. Memory is that of one block.
 */
export class DiskRetriever implements Retriever {
  private store: VectorStore | null = null;

  constructor(
    private readonly parts: DiskRetrieverParts,
    private readonly metric: "cosine" | "dot" = "cosine",
  ) {}

  async index(pool: Pool): Promise<void> {
    const { key, outputDim: dim, embed, documentFeatures, listener = {} } = this.parts;
    const documents = createHash("sha256").update(JSON.stringify(pool.items)).digest("hex").slice(0, 16);
    this.close();
    this.store = openStore(path.join(this.parts.dir, documents), { dim, rows: pool.items.length, key });
    const report = throttled(listener);
    const [began, before] = [performance.now(), this.store.rowsDone];
    await encodeCorpus({
      store: this.store,
      features: (from, count) => documentFeatures.encode(pool.items.slice(from, from + count)),
      embed: (batch) => embed(batch, "document"),
      blockRows: BLOCK,
      onProgress: (done, total) => report({ task: "embedding documents", done, total, unit: "documents" }),
    });
    const added = this.store.rowsDone - before;
    if (added > 0) this.parts.onEncoded?.((performance.now() - began) / 1000, added);
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    if (this.store === null)
      throw new UserError("DiskRetriever.rank: index(pool) must be called first, got no pool");
    const embedded = await this.parts.embed(this.parts.queryFeatures.encode(queries), "query");
    const found = searchStore(this.store, embedded, k, { metric: this.metric });
    return queries.map((_, q) => ({
      ids: found.ids.subarray(q * k, (q + 1) * k),
      scores: found.scores.subarray(q * k, (q + 1) * k),
    }));
  }

  /** All embeddings of the pool that was indexed, [documents, outputDim]. */
  vectors(): Float32Array {
    if (this.store === null)
      throw new UserError("DiskRetriever.vectors: index(pool) must be called first, got no pool");
    return this.store.rows(0, this.store.header.rows);
  }

  close(): void {
    this.store?.close();
    this.store = null;
  }
}

/** The store of this header, made anew where the folder holds that of other weights. */
export function openStore(dir: string, header: VectorStoreHeader): VectorStore {
  const file = path.join(dir, "store.json");
  if (fs.existsSync(file)) {
    const held = JSON.parse(fs.readFileSync(file, "utf8")) as VectorStoreHeader;
    if (held.key !== header.key || held.rows !== header.rows || held.dim !== header.dim)
      fs.rmSync(dir, { recursive: true });
  }
  return VectorStore.open(dir, header);
}
