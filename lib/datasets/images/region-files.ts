import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { npzBytes, readNpz } from "../../files/npz.js";
import { boxFeatures } from "./box-features.js";

/** Detected regions of one picture. */
export interface PictureRegions {
  /** [n, dim] */
  features: Float32Array;
  /** [n, 5], see {@link boxFeatures} */
  boxes: Float32Array;
}

/** Detected regions in pixels, as a detector gives them. */
export interface DetectedRegions {
  /** [n, dim] */
  features: Float32Array;
  /** [n, 4]: top, left, bottom, right */
  boxes: Float32Array;
  height: number;
  width: number;
}

/** Writes `<folder>/<key>.npz` with boxes [n, 4], features [n, dim] and image_size [2] (height, width). */
export function writeRegionFile(folder: string, key: string, regions: DetectedRegions): void {
  const count = regions.boxes.length / 4;
  atomicWriteFile(
    path.join(folder, `${key}.npz`),
    npzBytes({
      boxes: { data: regions.boxes, shape: [count, 4] },
      features: { data: regions.features, shape: [count, count === 0 ? 0 : regions.features.length / count] },
      image_size: { data: Float32Array.of(regions.height, regions.width), shape: [2] },
    }),
  );
}

/** Region files of a folder, read when first asked for; the last `kept` stay in memory. */
export class RegionFolder {
  private readonly read = new Map<string, PictureRegions | undefined>();

  /** @param dim entries of a region's features */
  constructor(
    readonly folder: string,
    readonly dim: number,
    private readonly kept = 50_000,
  ) {}

  /** @throws DataError naming the file if it is damaged or has another width; undefined if there is none */
  get(key: string): PictureRegions | undefined {
    if (this.read.has(key)) return this.read.get(key);
    const file = path.join(this.folder, `${path.basename(key)}.npz`);
    const regions = key !== "" && fs.existsSync(file) ? this.load(file) : undefined;
    if (this.read.size >= this.kept) this.read.delete(this.read.keys().next().value!);
    this.read.set(key, regions);
    return regions;
  }

  private load(file: string): PictureRegions {
    const { boxes, features, image_size: size } = readNpz(fs.readFileSync(file), file);
    if (!boxes || !features || !size)
      throw new DataError(`${file}: must hold boxes, features and image_size, got fewer`);
    const count = boxes.shape[0]!;
    if (count > 0 && (features.shape[0] !== count || features.shape[1] !== this.dim))
      throw new DataError(
        `${file}: features must be [${count}, ${this.dim}], got [${features.shape.join(", ")}]`,
      );
    return {
      features: Float32Array.from(features.data),
      boxes: Float32Array.from(boxFeatures(boxes.data, size.data[0]!, size.data[1]!)),
    };
  }
}
