import type { Listener } from "../../engine/progress.js";
import { loadStoredConfig } from "../../experiment/load-config.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { openRetriever } from "../../retrieval/retrievers/open-retriever.js";

/** A run's documents with their embeddings. */
export interface EmbeddedDocuments {
  ids: readonly string[];
  /** What a result is called: the document's text as the run reads it. */
  names: readonly string[];
  /** Every stored column of each document. */
  documents: readonly Readonly<Record<string, string>>[];
  /** [documents, dim]; of length 1 each where the run compares by cosine, so that products are cosines */
  vectors: Float32Array;
  dim: number;
  similarity: "cosine" | "dot";
}

/** Documents embedded at a time. */
const CHUNK = 4096;

/**
 * Embeds the documents of a run's first evaluation set by its encoder.
 *
 * @throws UserError for a run without an encoder
 */
export async function embeddedDocuments(dir: string, listener: Listener = {}): Promise<EmbeddedDocuments> {
  const { run, sets, embed, nameColumn, close } = await openRetriever(dir, { listener });
  try {
    if (!embed)
      throw new UserError(`${dir}: must be a run with an encoder, got a ${run.manifest().kind} run`);
    const { similarity } = loadStoredConfig(run.configFile).recall_validation;
    const { items, ids } = sets[0]!.pool;
    let all = new Float32Array();
    let width = 0;
    for (let from = 0; from < items.length; from += CHUNK) {
      const { vectors, dim } = await embed(items.slice(from, from + CHUNK), "document");
      if (from === 0) all = new Float32Array(items.length * dim);
      all.set(vectors, from * dim);
      width = dim;
      const done = Math.min(items.length, from + CHUNK);
      listener.progress?.({ task: "embedding", done, total: items.length, unit: "documents" });
    }
    if (similarity === "cosine") normaliseRows(all, width);
    const names = items.map((item, i) => ownEntry(item, nameColumn) ?? ids[i]!);
    return { ids, names, documents: items, vectors: all, dim: width, similarity };
  } finally {
    close();
  }
}

/** Rows of length 1 in place; zeros stay zeros. */
function normaliseRows(vectors: Float32Array, dim: number): void {
  for (let at = 0; at < vectors.length; at += dim) {
    let square = 0;
    for (let i = at; i < at + dim; i++) square += vectors[i]! ** 2;
    const length = Math.sqrt(square) || 1;
    for (let i = at; i < at + dim; i++) vectors[i]! /= length;
  }
}
