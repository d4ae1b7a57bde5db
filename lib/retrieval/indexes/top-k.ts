import { UserError } from "../../files/user-error.js";

/**
 * Keeps the k best (score, id) pairs offered: higher scores first, ties to the lower id. A bounded binary heap whose
 * root is the worst pair kept, in typed arrays that are reused between queries.
 */
export class TopK {
  private readonly heapIds: Int32Array;
  private readonly heapScores: Float64Array;
  private size = 0;

  constructor(readonly k: number) {
    if (!Number.isInteger(k) || k < 1) throw new UserError(`TopK: k must be a positive integer, got ${k}`);
    this.heapIds = new Int32Array(k);
    this.heapScores = new Float64Array(k);
  }

  /** A NaN score is never kept. */
  offer(id: number, score: number): void {
    const { k, heapIds, heapScores } = this;
    if (this.size === k) {
      if (!(score > heapScores[0]! || (score === heapScores[0]! && id < heapIds[0]!))) return;
      this.siftDown(0, id, score, k);
      return;
    }
    if (Number.isNaN(score)) return;
    let slot = this.size++;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!worse(score, id, heapScores[parent]!, heapIds[parent]!)) break;
      heapScores[slot] = heapScores[parent]!;
      heapIds[slot] = heapIds[parent]!;
      slot = parent;
    }
    heapScores[slot] = score;
    heapIds[slot] = id;
  }

  /**
   * Writes the kept pairs, best first, into `ids` and `scores` from `offset` on, fills what is left of the k slots with
   * −1 and −Infinity, and forgets them.
   *
   * @returns how many pairs were kept
   */
  drainInto(ids: Int32Array, scores: Float32Array, offset: number): number {
    const kept = this.size;
    ids.fill(-1, offset + kept, offset + this.k);
    scores.fill(-Infinity, offset + kept, offset + this.k);
    for (let last = kept - 1; last >= 0; last--) {
      ids[offset + last] = this.heapIds[0]!;
      scores[offset + last] = this.heapScores[0]!;
      this.siftDown(0, this.heapIds[last]!, this.heapScores[last]!, last);
    }
    this.size = 0;
    return kept;
  }

  private siftDown(slot: number, id: number, score: number, size: number): void {
    const { heapIds, heapScores } = this;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && worse(heapScores[right]!, heapIds[right]!, heapScores[child]!, heapIds[child]!))
        child = right;
      if (!worse(heapScores[child]!, heapIds[child]!, score, id)) break;
      heapScores[slot] = heapScores[child]!;
      heapIds[slot] = heapIds[child]!;
      slot = child;
    }
    heapScores[slot] = score;
    heapIds[slot] = id;
  }
}

function worse(scoreA: number, idA: number, scoreB: number, idB: number): boolean {
  return scoreA < scoreB || (scoreA === scoreB && idA > idB);
}
