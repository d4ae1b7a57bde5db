import type { Pairs, Triplets } from "../../negatives/miners/tuples.js";

/** Positive and negative pairs: item `anchor` of the batch, and the position of a reference. */
export interface PairLists {
  positive: { anchor: Int32Array; other: Int32Array };
  negative: { anchor: Int32Array; other: Int32Array };
}

/** Labels of items and of what they are compared with. */
export interface ItemLabels {
  labels: Int32Array;
  referenceLabels: Int32Array;
  /** [N] the reference that is the item itself, −1 for none: never a pair */
  selves: Int32Array;
}

/**
 * What a loss compares, in whichever form it needs it: as mined, or all pairs and triplets of the labels where nothing was
 * mined. Triplets become pairs (a, p) and (a, n), repeats kept; pairs become every triplet of a common anchor.
 */
export class ItemTuples {
  private kept: { pairs?: PairLists; triplets?: Triplets } = {};

  constructor(
    private readonly mined: Pairs | Triplets | null,
    private readonly items: ItemLabels,
  ) {}

  /** Whether a miner chose them. */
  get chosen(): boolean {
    return this.mined !== null;
  }

  pairs(): PairLists {
    this.kept.pairs ??= this.mined === null ? allOf(this.items) : pairsOf(this.mined);
    return this.kept.pairs;
  }

  triplets(): Triplets {
    this.kept.triplets ??=
      this.mined !== null && "positive" in this.mined ? this.mined : joined(this.pairs());
    return this.kept.triplets;
  }

  /**
   * Weight of each item for losses that compare it with weights of their own: how often the miner named it, divided by the
   * highest such count; 1 for all where nothing was mined or found.
   *
   * @param anchorsOnly counts an item where it is the anchor only
   */
  weights(anchorsOnly = false): Float32Array {
    const counts = new Float32Array(this.items.labels.length);
    if (this.mined === null) return counts.fill(1);
    for (const list of namedIn(this.mined, anchorsOnly)) for (const i of list) counts[i]! += 1;
    const most = Math.max(...counts);
    return most === 0 ? counts.fill(1) : counts.map((count) => count / most);
  }
}

function pairsOf(mined: Pairs | Triplets): PairLists {
  if ("positive" in mined) {
    const { anchor, positive, negative } = mined;
    return { positive: { anchor, other: positive }, negative: { anchor, other: negative } };
  }
  const side = (similar: number) => {
    const keep = (list: Int32Array) => list.filter((_, t) => mined.similar[t] === similar);
    return { anchor: keep(mined.first), other: keep(mined.second) };
  };
  return { positive: side(1), negative: side(0) };
}

/** All ordered pairs, row-major. */
function allOf({ labels, referenceLabels, selves }: ItemLabels): PairLists {
  const lists = [0, 1].map(() => ({ anchor: [] as number[], other: [] as number[] }));
  for (let i = 0; i < labels.length; i++)
    for (let j = 0; j < referenceLabels.length; j++) {
      if (j === selves[i]) continue;
      const list = lists[labels[i] === referenceLabels[j] ? 0 : 1]!;
      list.anchor.push(i);
      list.other.push(j);
    }
  const [positive, negative] = lists.map(({ anchor, other }) => ({
    anchor: Int32Array.from(anchor),
    other: Int32Array.from(other),
  }));
  return { positive: positive!, negative: negative! };
}

function joined({ positive, negative }: PairLists): Triplets {
  const negativesOf = new Map<number, number[]>();
  negative.anchor.forEach((a, t) => {
    const list = negativesOf.get(a);
    if (list) list.push(negative.other[t]!);
    else negativesOf.set(a, [negative.other[t]!]);
  });
  const rows: [number, number, number][] = [];
  positive.anchor.forEach((a, t) => {
    for (const n of negativesOf.get(a) ?? []) rows.push([a, positive.other[t]!, n]);
  });
  return {
    anchor: Int32Array.from(rows, (row) => row[0]),
    positive: Int32Array.from(rows, (row) => row[1]),
    negative: Int32Array.from(rows, (row) => row[2]),
  };
}

function namedIn(mined: Pairs | Triplets, anchorsOnly: boolean): Int32Array[] {
  if ("positive" in mined)
    return anchorsOnly ? [mined.anchor] : [mined.anchor, mined.positive, mined.negative];
  return anchorsOnly ? [mined.first] : [mined.first, mined.second];
}
