import { GrowingArray } from "./growing-array.js";
import { hashText, hashWords } from "./text-hash.js";

/**
 * Numbers of different keys in order of their first sight, by 64-bit hashes: 8 bytes a key and 8 to 16 of slots, whatever
 * the texts' lengths. Different texts with one hash are taken for equal; see {@link hashText} for how rare that is.
 */
export class HashTable {
  private slots = new Int32Array(1024);
  private readonly low = new GrowingArray(Int32Array);
  private readonly high = new GrowingArray(Int32Array);

  get size(): number {
    return this.low.length;
  }

  /** The key's number; a new key gets the next one. */
  add(text: string): number {
    hashText(text);
    return this.addHash(hashWords[0]!, hashWords[1]!);
  }

  /** The number of a text, −1 if it was never added. */
  find(text: string): number {
    hashText(text);
    return this.slots[this.slotOf(hashWords[0]!, hashWords[1]!)]! - 1;
  }

  /** {@link find} for a key that is two words. */
  findHash(low: number, high: number): number {
    return this.slots[this.slotOf(low, high)]! - 1;
  }

  /** {@link add} for a key that is two words. */
  addHash(low: number, high: number): number {
    const slot = this.slotOf(low, high);
    const found = this.slots[slot]!;
    if (found !== 0) return found - 1;
    this.low.push(low);
    this.high.push(high);
    this.slots[slot] = this.size;
    if (this.size * 2 > this.slots.length) this.grow();
    return this.size - 1;
  }

  private slotOf(low: number, high: number): number {
    const mask = this.slots.length - 1;
    let slot = (low ^ Math.imul(high, 0x27d4eb2f)) & mask;
    for (;;) {
      const key = this.slots[slot]!;
      if (key === 0) return slot;
      if (this.low.at(key - 1) === low && this.high.at(key - 1) === high) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let key = 0; key < this.size; key++)
      this.slots[this.slotOf(this.low.at(key), this.high.at(key))] = key + 1;
  }
}
