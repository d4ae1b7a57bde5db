/** Numbers in a code. */
export const AXES = 16;
export const ROWS_PER_CHUNK = 8;
export const CHUNK_BYTES = AXES * ROWS_PER_CHUNK;
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
 * blocks; when there is no more place, or its turn has come, its group is sorted anew.
 */
export class RowBlocks {
  /** row that stands in each place, −1 = none */
  private readonly rowAt: Int32Array;
  private readonly placeOf: Int32Array;
  private readonly late: Int32Array;
  private next = 0;

  /**
   * @param codes  [groups · room · 16], laid out in chunks
   * @param means  [groups · meanChunks · 128]
   * @param used   [groups] chunks behind the blocks that hold rows
   */
  constructor(
    private readonly layout: BlockLayout,
    private readonly codes: Uint8Array,
    private readonly means: Uint8Array,
    private readonly used: Int32Array,
  ) {
    const { groups, width, room } = layout;
    this.rowAt = new Int32Array(groups * room).fill(-1);
    this.placeOf = new Int32Array(groups * width);
    this.late = new Int32Array(groups);
    codes.fill(NOTHING);
    means.fill(NOTHING);
    for (let row = 0; row < groups * width; row++) this.put(row, this.home(row));
  }

  /** The row in a lane of a chunk of a group, −1 = none. */
  row(group: number, chunk: number, lane: number): number {
    return this.rowAt[group * this.layout.room + chunk * ROWS_PER_CHUNK + lane]!;
  }

  /** Takes the code [16], each in [1, 127], of a row that has changed. */
  write(row: number, code: ArrayLike<number>, from: number): void {
    if (this.layout.meanChunks > 0) this.moveBehind(row);
    setCode(this.codes, this.placeOf[row]!, code, from);
  }

  /** Takes all codes [size, 16] and sorts every group. */
  writeAll(codes: Uint8Array): void {
    const { groups, width } = this.layout;
    for (let group = 0; group < groups; group++)
      this.fill(group, codes.subarray(group * width * AXES, (group + 1) * width * AXES));
    this.next = 0;
  }

  /** Sorts the group whose turn has come. */
  sortNext(): void {
    if (this.layout.meanChunks === 0) return;
    this.sort(this.next);
    this.next = (this.next + 1) % this.layout.groups;
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
    setNothing(this.codes, old);
    this.put(row, group * room + width + this.late[group]!);
    this.late[group]!++;
    this.used[group] = Math.ceil(this.late[group]! / ROWS_PER_CHUNK);
  }

  private sort(group: number): void {
    const { width } = this.layout;
    const codes = new Uint8Array(width * AXES);
    for (let i = 0; i < width; i++) getCode(this.codes, this.placeOf[group * width + i]!, codes, i * AXES);
    this.fill(group, codes);
  }

  /** Puts the rows of a group, with codes [width, 16] in their order, into blocks. */
  private fill(group: number, codes: Uint8Array): void {
    const { width, room, meanChunks } = this.layout;
    const order = Int32Array.from({ length: width }, (_, i) => i);
    if (meanChunks > 0) split(order, codes, 0, width, 0, new Int32Array(width));
    const first = group * room;
    this.rowAt.fill(-1, first, first + room);
    order.forEach((local, i) => {
      this.put(group * width + local, first + i);
      setCode(this.codes, first + i, codes, local * AXES);
    });
    for (let place = first + width; place < first + room; place++) setNothing(this.codes, place);
    this.late[group] = 0;
    this.used[group] = 0;
    for (let block = 0; block < meanChunks * BLOCKS_PER_MEAN_CHUNK; block++) {
      const mean = new Float64Array(AXES);
      for (let i = block * BLOCK; i < (block + 1) * BLOCK; i++)
        for (let axis = 0; axis < AXES; axis++) mean[axis]! += codes[order[i]! * AXES + axis]! / BLOCK;
      setCode(this.means, group * meanChunks * BLOCKS_PER_MEAN_CHUNK + block, mean.map(Math.round), 0);
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

/** Orders rows [from, to) so that halves, quarters, … down to blocks are apart on axis 0, 1, …. */
function split(
  order: Int32Array,
  codes: Uint8Array,
  from: number,
  to: number,
  axis: number,
  spare: Int32Array,
): void {
  const blocks = (to - from) / BLOCK;
  if (blocks <= 1) return;
  const middle = from + Math.floor(blocks / 2) * BLOCK;
  const counts = new Int32Array(129);
  for (let i = from; i < to; i++) counts[codes[order[i]! * AXES + axis]! + 1]!++;
  for (let value = 0; value < 128; value++) counts[value + 1]! += counts[value]!;
  for (let i = from; i < to; i++) {
    const value = codes[order[i]! * AXES + axis]!;
    spare[from + counts[value]!++] = order[i]!;
  }
  for (let i = from; i < to; i++) order[i] = spare[i]!;
  const next = (axis + 1) % AXES;
  split(order, codes, from, middle, next, spare);
  split(order, codes, middle, to, next, spare);
}

function setCode(into: Uint8Array, place: number, code: ArrayLike<number>, from: number): void {
  const at = Math.floor(place / ROWS_PER_CHUNK) * CHUNK_BYTES + (place % ROWS_PER_CHUNK) * 2;
  for (let axis = 0; axis < AXES; axis++) into[at + (axis >> 1) * 16 + (axis & 1)] = code[from + axis]!;
}

function getCode(from: Uint8Array, place: number, into: Uint8Array, to: number): void {
  const at = Math.floor(place / ROWS_PER_CHUNK) * CHUNK_BYTES + (place % ROWS_PER_CHUNK) * 2;
  for (let axis = 0; axis < AXES; axis++) into[to + axis] = from[at + (axis >> 1) * 16 + (axis & 1)]!;
}

const nothing = new Uint8Array(AXES).fill(NOTHING);
function setNothing(into: Uint8Array, place: number): void {
  setCode(into, place, nothing, 0);
}
