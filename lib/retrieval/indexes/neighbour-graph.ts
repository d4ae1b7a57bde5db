import type { SearchMetric } from "./search-options.js";

export interface GraphShape {
  size: number;
  dim: number;
  metric: SearchMetric;
  /** M: links per document and layer, twice as many on the lowest */
  connectivity: number;
  /** efConstruction */
  expansionAdd: number;
  /** efSearch */
  expansionSearch: number;
}

export interface GraphAnswers {
  /** [Q, ask], −1 beyond what was found */
  ids: Int32Array;
  /** [Q, ask], higher is better: products, cosines, or minus the distance */
  scores: Float32Array;
}

/** A small-world graph over documents, as HnswIndex asks it. */
export interface NeighbourGraph {
  readonly memoryBytes: number;
  /** About the `ask` nearest of each query. @param queries [Q, D] */
  ask(queries: Float32Array, ask: number): Promise<GraphAnswers> | GraphAnswers;
  /**
   * The k best of the documents allowed, by scoring all of them; null where a graph cannot, and is asked for more answers instead.
   */
  readonly scan: ((query: Float32Array, k: number, allowed: (id: number) => boolean) => GraphAnswers) | null;
  /** What a file keeps of it, and what its header says beside the shape. */
  sections(filePath: string): {
    sections: Record<string, Iterable<Uint8Array>>;
    header: Record<string, unknown>;
    done(): void;
  };
  close(): Promise<void>;
}
