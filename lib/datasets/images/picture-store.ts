import { createHash } from "node:crypto";
import path from "node:path";
import { DataError } from "../../files/data-error.js";
import { UserError } from "../../files/user-error.js";
import { type DecodeOptions, decodePicture } from "./decode-picture.js";
import { type PictureLocation, pictureBytes } from "./picture-bytes.js";
import { RecordPack } from "./record-pack.js";

export interface PictureStoreOptions extends DecodeOptions, PictureLocation {
  /** Folder of decoded pictures by content; null = decode each time. */
  cacheDir: string | null;
  /** A picture that cannot be read: count it as a missing value, or stop. */
  onError: "skip" | "fail";
}

/** What was met since the store was made. */
export interface PictureReport {
  decoded: number;
  fromCache: number;
  /** Empty cells. */
  missing: number;
  /** Cells whose picture could not be read (with onError "skip"). */
  failed: { cell: string; reason: string }[];
}

/** Raised whenever decoding changes, so that old caches are not read. */
const DECODER = 1;

/** Decoded pictures of one size by cell. Loading is asynchronous and done once; reading is a look-up. */
export class PictureStore {
  readonly channels = 3;
  readonly report: PictureReport = { decoded: 0, fromCache: 0, missing: 0, failed: [] };
  private readonly pictures = new Map<string, Uint8Array | null>();
  private readonly pack: RecordPack | null;

  constructor(readonly options: PictureStoreOptions) {
    const { size, cacheDir } = options;
    if (!Number.isInteger(size) || size < 1)
      throw new UserError(`PictureStore: size must be a positive integer, got ${size}`);
    this.pack =
      cacheDir === null
        ? null
        : new RecordPack(path.join(cacheDir, `${cacheName(options)}.pack`), size * size * 3);
  }

  get size(): number {
    return this.options.size;
  }

  /**
   * Decodes the pictures of cells not loaded before, several at a time, and keeps them in the cache.
   *
   * @throws DataError for the first unreadable one if onError is "fail"
   */
  async load(cells: Iterable<string>, onProgress?: (done: number, total: number) => void): Promise<void> {
    const wanted = [...new Set(cells)].filter((cell) => !this.pictures.has(cell));
    let next = 0;
    let done = 0;
    const work = async () => {
      while (next < wanted.length) {
        const cell = wanted[next++]!;
        this.pictures.set(cell, await this.loadOne(cell));
        onProgress?.(++done, wanted.length);
      }
    };
    try {
      await Promise.all(Array.from({ length: 4 }, work));
    } finally {
      this.pack?.flush();
    }
  }

  /**
   * @returns size · size · 3 values, or null for an empty cell or a picture that was skipped
   * @throws RangeError for a cell that was never loaded
   */
  get(cell: string): Uint8Array | null {
    const picture = this.pictures.get(cell);
    if (picture === undefined && cell !== "")
      throw new UserError(`PictureStore.get: picture must be loaded first, got "${cell.slice(0, 80)}"`);
    return picture ?? null;
  }

  private async loadOne(cell: string): Promise<Uint8Array | null> {
    if (cell === "") {
      this.report.missing++;
      return null;
    }
    try {
      const bytes = pictureBytes(cell, this.options);
      const key = createHash("sha256").update(bytes).digest("hex");
      const cached = this.pack?.get(key);
      if (cached !== undefined) {
        this.report.fromCache++;
        return cached;
      }
      const pixels = await decodePicture(bytes, cell.slice(0, 120), this.options);
      this.report.decoded++;
      this.pack?.add(key, pixels);
      return pixels;
    } catch (error) {
      if (!(error instanceof DataError) || this.options.onError === "fail") throw error;
      this.report.failed.push({ cell: cell.slice(0, 120), reason: error.message });
      return null;
    }
  }
}

function cacheName({ size, fit, background }: DecodeOptions): string {
  return `pictures-${DECODER}-${size}-${fit}-${Buffer.from(background).toString("hex")}`;
}
