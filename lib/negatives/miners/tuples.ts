/** Positions of pairs of items in a batch, in the order mined. */
export interface Pairs {
  first: Int32Array;
  second: Int32Array;
  /** 1 = similar, 0 = dissimilar */
  similar: Int32Array;
}

/** Positions of triplets of items in a batch, in the order mined. */
export interface Triplets {
  anchor: Int32Array;
  positive: Int32Array;
  negative: Int32Array;
}

/** What a miner knows about the items: classes, or sessions with the type of each item (0 root, 1 match, −1 not). */
export interface Labelled {
  labels: Int32Array;
  types?: Int32Array;
  /** [N, D] row by row, for miners that read them */
  rows?: Float32Array;
  /** The loss over all tuples of the items at these positions, for miners that read it. */
  lossOf?: (kept: Int32Array) => number;
}

/** distances [N, N] row by row (empty where readsDistances is false) → which items are compared. */
export type Miner<T extends Pairs | Triplets> = ((distances: Float32Array, items: Labelled) => T) &
  MinerNeeds;

export interface MinerNeeds {
  /** false: it reads no distances */
  readonly readsDistances?: boolean;
  /** true: it reads {@link Labelled.rows} */
  readonly readsRows?: boolean;
  /** true: it reads {@link Labelled.lossOf} */
  readonly readsLosses?: boolean;
}

/** Collects tuples and packs them. */
export function packPairs(rows: readonly (readonly [number, number, number])[]): Pairs {
  return {
    first: Int32Array.from(rows, (row) => row[0]),
    second: Int32Array.from(rows, (row) => row[1]),
    similar: Int32Array.from(rows, (row) => row[2]),
  };
}

export function packTriplets(rows: readonly (readonly [number, number, number])[]): Triplets {
  return {
    anchor: Int32Array.from(rows, (row) => row[0]),
    positive: Int32Array.from(rows, (row) => row[1]),
    negative: Int32Array.from(rows, (row) => row[2]),
  };
}

/** Marks a miner that reads labels only. */
export function labelsOnly<T extends Pairs | Triplets>(mine: (items: Labelled) => T): Miner<T> {
  return Object.assign((_distances: Float32Array, items: Labelled) => mine(items), { readsDistances: false });
}
