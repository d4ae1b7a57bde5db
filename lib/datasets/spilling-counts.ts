import { appendFileSync, existsSync, rmSync } from "node:fs";
import path from "node:path";
import { readLines } from "../files/lines.js";
import { UserError } from "../files/user-error.js";
import { mostFrequent } from "./token-counts.js";

const partitions = 256;

/**
 * Exact frequencies of any number of different keys in bounded memory: when more than `maxKeys` are held, the counts go
 * to 256 files by a hash of the key, and are added up a file at a time in the end.
 *
 * Memory: about 100 bytes a key held; a 256th of all different keys must fit too.
 */
export class SpillingCounts {
  private counts = new Map<string, number>();
  private spilled = false;

  /**
   * @param scratch  folder for the files, which must exist
   * @param label    begins their names
   * @param maxKeys  keys held, at most 16 million (the limit of a Map)
   */
  constructor(
    private readonly scratch: string,
    private readonly label: string,
    private readonly maxKeys: number,
  ) {
    if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > 16_000_000)
      throw new UserError(`SpillingCounts: maxKeys must be an integer in [1, 16000000], got ${maxKeys}`);
  }

  add(key: string, times = 1): void {
    const count = this.counts.get(key);
    if (count === undefined && this.counts.size === this.maxKeys) this.spill();
    this.counts.set(key, (this.counts.get(key) ?? 0) + times);
  }

  /**
   * The `limit` most frequent keys (see {@link mostFrequent}) and the number of different ones. Ends the counting: files
   * are removed.
   */
  finish(limit: number): { top: [string, number][]; distinct: number } {
    if (!this.spilled) return { top: mostFrequent(this.counts, limit), distinct: this.counts.size };
    this.spill();
    let best = new Map<string, number>();
    let distinct = 0;
    for (let partition = 0; partition < partitions; partition++) {
      const counts = this.readPartition(partition);
      distinct += counts.size;
      for (const [key, count] of mostFrequent(counts, limit)) best.set(key, count);
      if (best.size > 2 * limit) best = new Map(mostFrequent(best, limit));
    }
    return { top: mostFrequent(best, limit), distinct };
  }

  private spill(): void {
    const blocks = new Array<string>(partitions).fill("");
    for (const [key, count] of this.counts) {
      const partition = hash(key) % partitions;
      blocks[partition] += `${count}\t${/^"|[\n\r]/.test(key) ? JSON.stringify(key) : key}\n`;
      if (blocks[partition]!.length > 2 ** 20) {
        appendFileSync(this.file(partition), blocks[partition]!);
        blocks[partition] = "";
      }
    }
    blocks.forEach((block, partition) => {
      if (block !== "") appendFileSync(this.file(partition), block);
    });
    this.counts = new Map();
    this.spilled = true;
  }

  private readPartition(partition: number): Map<string, number> {
    const counts = new Map<string, number>();
    const file = this.file(partition);
    if (!existsSync(file)) return counts;
    for (const { text } of readLines(file)) {
      const tab = text!.indexOf("\t");
      const written = text!.slice(tab + 1);
      const key = written.startsWith('"') ? (JSON.parse(written) as string) : written;
      counts.set(key, (counts.get(key) ?? 0) + Number(text!.slice(0, tab)));
    }
    rmSync(file);
    return counts;
  }

  private file(partition: number): string {
    return path.join(this.scratch, `${this.label}-${partition}.tsv`);
  }
}

/** FNV-1a, unsigned. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
