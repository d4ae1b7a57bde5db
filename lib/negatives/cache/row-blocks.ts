/** Numbers in a code. */
export const AXES = 16;
export const ROWS_PER_CHUNK = 8;
export const CHUNK_BYTES = AXES * ROWS_PER_CHUNK;
const PAIRS = AXES / 2;
const BLOCK = 32;
const BLOCKS_PER_MEAN_CHUNK = 8;
/** A code of zeros: codes are shifted by 64. */
const NOTHING = 64;

/** Sizes of the codes of a cache whose groups are cut into blocks, in chunks and rows. */
export interface BlockLayout {
  groups: number;
  /** rows of a group */
  width: number;
  /** rows that a group has place for: its own, and behind them those that changed since its blocks were made */
  room: number;
  /** chunks of block means per group; 0 = groups have no blocks */
  meanChunks: number;
}

/** Blocks for groups of a multiple of 256 rows, of which 1,024 or more; other groups are searched as a whole. */
export function blockLayout(size: number, groups: number): BlockLayout {
  const width = size / groups;
  const blocked = width >= 4 * BLOCK * BLOCKS_PER_MEAN_CHUNK && width % (BLOCK * BLOCKS_PER_MEAN_CHUNK) === 0;
  if (!blocked) return { groups, width, room: width, meanChunks: 0 };
  return { groups, width, room: width + width / 8, meanChunks: width / BLOCK / BLOCKS_PER_MEAN_CHUNK };
}

/**
 * Where the codes of cached rows stand. Rows of a group are sorted into blocks of 32 that lie close together on the first
 * axes (a k-d tree of equal halves), so that a search may look at a few blocks only. A row that changes moves behind the
 * blocks; when there is no more place, or many rows wait so and its turn has come, its group is sorted anew.
 */
export class RowBlocks {
  private readonly placeOf: Int32Array;
  /** rows behind the blocks, by group and together */
  private readonly late: Int32Array;
  private waiting = 0;
  /** the codes two numbers at a time, as a chunk holds them */
  private readonly pairs: Uint16Array;
  private readonly meanPairs: Uint16Array;
  /** for sorting a group: its codes and orders of its rows */
  private readonly spare: { codes: Uint16Array; order: Int32Array; other: Int32Array };
  private next = 0;

  /**
   * @param codes  [groups · room · 16], laid out in chunks
   * @param means  [groups · meanChunks · 128]
   * @param used   [groups] chunks behind the blocks that hold rows
   * @param rowAt  [groups · room] row that stands in each place, −1 = none
   */
  constructor(
    private readonly layout: BlockLayout,
    codes: Uint8Array,
    means: Uint8Array,
    private readonly used: Int32Array,
    private readonly rowAt: Int32Array,
  ) {
    const { groups, width } = layout;
    rowAt.fill(-1);
    this.placeOf = new Int32Array(groups * width);
    this.late = new Int32Array(groups);
    this.pairs = pairsOf(codes);
    this.meanPairs = pairsOf(means);
    this.spare = {
      codes: new Uint16Array(width * PAIRS),
      order: new Int32Array(width),
      other: new Int32Array(width),
    };
    codes.fill(NOTHING);
    means.fill(NOTHING);
    for (let row = 0; row < groups * width; row++) this.put(row, this.home(row));
  }

  /** Takes the code of a row that has changed: the `index`th of codes [n, 16], each number in [1, 127]. */
  write(row: number, codes: Uint8Array, index: number): void {
    if (this.layout.meanChunks > 0) this.moveBehind(row);
    setCode(this.pairs, this.placeOf[row]!, pairsOf(codes), index);
  }

  /** Takes all codes [size, 16] and sorts every group. */
  writeAll(codes: Uint8Array): void {
    const { groups, width } = this.layout;
    const all = pairsOf(codes);
    for (let group = 0; group < groups; group++)
      this.fill(group, all.subarray(group * width * PAIRS, (group + 1) * width * PAIRS));
    this.next = 0;
  }

  /** Sorts groups in turn until at most 3/8 of all places behind the blocks are taken, so that few fill up before. */
  sortNext(): void {
    const { groups, width, room, meanChunks } = this.layout;
    if (meanChunks === 0) return;
    while (this.waiting > (3 / 8) * groups * (room - width)) {
      this.sort(this.next);
      this.next = (this.next + 1) % groups;
    }
  }

  private moveBehind(row: number): void {
    const { width, room } = this.layout;
    const group = Math.floor(row / width);
    if (this.placeOf[row]! - group * room >= width) return;
    if (this.late[group] === room - width) {
      this.sort(group);
    }
    const old = this.placeOf[row]!;
    this.rowAt[old] = -1;
    setNothing(this.pairs, old);
    this.put(row, group * room + width + this.late[group]!);
    this.late[group]!++;
    this.used[group] = Math.ceil(this.late[group]! / ROWS_PER_CHUNK);
  }

  private sort(group: number): void {
    const { width } = this.layout;
    const { codes } = this.spare;
    for (let i = 0; i < width; i++) getCode(this.pairs, this.placeOf[group * width + i]!, codes, i);
    this.fill(group, codes);
  }

  /** Puts the rows of a group, with codes [width, 8] of pairs in their order, into blocks. */
  private fill(group: number, codes: Uint16Array): void {
    const { width, room, meanChunks } = this.layout;
    const { order, other } = this.spare;
    for (let i = 0; i < width; i++) order[i] = i;
    if (meanChunks > 0) split(order, codes, 0, width, 0, other);
    const first = group * room;
    this.rowAt.fill(-1, first, first + room);
    for (let i = 0; i < width; i++) {
      this.put(group * width + order[i]!, first + i);
      setCode(this.pairs, first + i, codes, order[i]!);
    }
    for (let late = 0; late < this.late[group]!; late++) setNothing(this.pairs, first + width + late);
    this.waiting -= this.late[group]!;
    this.late[group] = 0;
    this.used[group] = 0;
    const mean = new Uint16Array(PAIRS);
    for (let block = 0; block < meanChunks * BLOCKS_PER_MEAN_CHUNK; block++) {
      for (let pair = 0; pair < PAIRS; pair++) {
        let [low, high] = [0, 0];
        for (let i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
          const both = codes[order[i]! * PAIRS + pair]!;
          low += both & 255;
          high += both >> 8;
        }
        mean[pair] = Math.round(low / BLOCK) | (Math.round(high / BLOCK) << 8);
      }
      setCode(this.meanPairs, group * meanChunks * BLOCKS_PER_MEAN_CHUNK + block, mean, 0);
    }
  }

  private home(row: number): number {
    const { width, room } = this.layout;
    return Math.floor(row / width) * room + (row % width);
  }

  private put(row: number, place: number): void {
    this.rowAt[place] = row;
    this.placeOf[row] = place;
  }
}

/** How many rows of a part have each code number, and where those begin: kept, as a sort asks for it 63 times. */
const counts = new Int32Array(129);

/** Orders rows [from, to) so that halves, quarters, … down to blocks are apart on axis 0, 1, …. */
function split(
  order: Int32Array,
  codes: Uint16Array,
  from: number,
  to: number,
  axis: number,
  spare: Int32Array,
): void {
  const blocks = (to - from) / BLOCK;
  if (blocks <= 1) return;
  const middle = from + Math.floor(blocks / 2) * BLOCK;
  const pair = axis >> 1;
  const shift = (axis & 1) * 8;
  counts.fill(0);
  for (let i = from; i < to; i++) counts[((codes[order[i]! * PAIRS + pair]! >> shift) & 127) + 1]!++;
  for (let value = 0; value < 128; value++) counts[value + 1]! += counts[value]!;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    const value = (codes[row * PAIRS + pair]! >> shift) & 127;
    spare[from + counts[value]!] = row;
    counts[value]!++;
  }
  for (let i = from; i < to; i++) order[i] = spare[i]!;
  const next = (axis + 1) % AXES;
  split(order, codes, from, middle, next, spare);
  split(order, codes, middle, to, next, spare);
}

/** Bytes two at a time; the first number of a pair is the low byte (WebAssembly's order, and every host's that runs Node). */
function pairsOf(codes: Uint8Array): Uint16Array {
  return new Uint16Array(codes.buffer, codes.byteOffset, codes.length / 2);
}

/** Puts the `index`th of codes [n, 8] of pairs into a place. */
function setCode(into: Uint16Array, place: number, codes: Uint16Array, index: number): void {
  let at = (place >> 3) * PAIRS * ROWS_PER_CHUNK + (place & 7);
  const from = index * PAIRS;
  for (let pair = 0; pair < PAIRS; pair++, at += ROWS_PER_CHUNK) into[at] = codes[from + pair]!;
}

function getCode(from: Uint16Array, place: number, into: Uint16Array, index: number): void {
  let at = (place >> 3) * PAIRS * ROWS_PER_CHUNK + (place & 7);
  const to = index * PAIRS;
  for (let pair = 0; pair < PAIRS; pair++, at += ROWS_PER_CHUNK) into[to + pair] = from[at]!;
}

const nothing = new Uint16Array(PAIRS).fill(NOTHING | (NOTHING << 8));
function setNothing(into: Uint16Array, place: number): void {
  setCode(into, place, nothing, 0);
}
