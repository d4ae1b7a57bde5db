type Numbers = Int32Array | Uint8Array | Float32Array | Uint32Array;

/** A typed array that numbers are put behind, by blocks: growing copies nothing and holds nothing twice. */
export class GrowingArray<T extends Numbers> {
  private readonly blocks: T[] = [];
  private count = 0;

  constructor(private readonly kind: new (length: number) => T) {}

  get length(): number {
    return this.count;
  }

  push(value: number): void {
    const place = this.count & (BLOCK - 1);
    if (place === 0) this.blocks.push(new this.kind(BLOCK));
    this.blocks[this.count >>> BITS]![place] = value;
    this.count++;
  }

  /** @param index below {@link length} */
  at(index: number): number {
    return this.blocks[index >>> BITS]![index & (BLOCK - 1)]!;
  }

  set(index: number, value: number): void {
    this.blocks[index >>> BITS]![index & (BLOCK - 1)] = value;
  }

  /** All numbers in one array. */
  whole(): T {
    const all = new this.kind(this.count);
    this.blocks.forEach((block, i) => {
      const left = Math.min(BLOCK, this.count - i * BLOCK);
      all.set(block.subarray(0, left) as Int32Array, i * BLOCK);
    });
    return all;
  }
}

const BITS = 16;
const BLOCK = 1 << BITS;
