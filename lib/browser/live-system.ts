import type { Explanation } from "../retrieval/explaining/explanation.js";

/** A document found, by its position in the pool. */
export interface LiveHit {
  id: number;
  score: number;
}

/** Where a document stands in a ranking. */
export interface LivePlace {
  /** from 1 on */
  rank: number;
  score: number;
}

/**
 * A system that a page asks. In a page that carries its encoders it answers at once; promises let a server answer as well.
 * Texts are as typed: each system reads them in its own way.
 */
export interface LiveSystem {
  readonly name: string;
  readonly kind: "dense" | "bm25";
  /** Largest score there can be, so that bars of several queries compare; null where there is none. */
  readonly mostScore: number | null;
  /** What was rounded, and how far rankings agree with Node's. */
  readonly fidelity: string;
  /** The best k documents, best first, ties to the lower position. */
  search(text: string, k: number): Promise<LiveHit[]>;
  /** Rank and score of each document; null where it is not found at all. */
  places(text: string, documents: readonly number[]): Promise<(LivePlace | null)[]>;
  /** Position of the document of a name, −1 where none has it. */
  find(name: string): Promise<number>;
  explain(text: string, document: number): Promise<Explanation>;
  /** The nearest documents in the system's own space, itself left out; null where it has none. */
  neighbours(document: number, k: number): Promise<LiveHit[]> | null;
}
