import fs from "node:fs";
import { PictureStore, type PictureStoreOptions } from "../../datasets/images/picture-store.js";
import { type Listener, throttled } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { OnnxExtractor, type OnnxExtractorOptions } from "../image/onnx-extractor.js";

const BATCH = 16;

/** How models of ImageNet read pixels. */
export const imageNetNormalisation: Pick<OnnxExtractorOptions, "mean" | "std"> = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** Vectors of pictures by a frozen ONNX model, of those that were loaded: what a feature of that kind is read from. */
export class OnnxPictures {
  private readonly vectors = new Map<string, Float32Array>();
  private extractor: OnnxExtractor | null = null;

  /** @param name of the feature, for messages */
  constructor(
    private readonly name: string,
    private readonly model: string,
    readonly dim: number,
    private readonly options: OnnxExtractorOptions,
    private readonly pictures: PictureStore,
  ) {}

  /** Embeds those of the pictures that are new. @throws UserError for a model of another width */
  async load(cells: readonly string[], listener: Listener): Promise<void> {
    const missing = [...new Set(cells)].filter((cell) => cell !== "" && !this.vectors.has(cell));
    if (missing.length === 0) return;
    this.extractor ??= await OnnxExtractor.open(fs.readFileSync(this.model), this.model, this.options);
    const report = throttled(listener);
    await this.pictures.load(missing);
    for (let from = 0; from < missing.length; from += BATCH) {
      const some = missing.slice(from, from + BATCH).filter((cell) => this.pictures.get(cell) !== null);
      const area = 3 * this.options.size ** 2;
      const pixels = new Uint8Array(some.length * area);
      some.forEach((cell, i) => {
        pixels.set(this.pictures.get(cell)!, i * area);
      });
      if (some.length === 0) continue;
      const { features, dim } = await this.extractor.extract(pixels, some.length);
      if (dim !== this.dim)
        throw new UserError(
          `feature ${this.name}: dim must be the width of ${this.model}, ${dim}, got ${this.dim}`,
        );
      some.forEach((cell, i) => {
        this.vectors.set(cell, features.slice(i * dim, (i + 1) * dim));
      });
      report({
        task: `embed by ${this.model}`,
        done: from + some.length,
        total: missing.length,
        unit: "pictures",
      });
    }
  }

  get(cell: string): Float32Array | undefined {
    return this.vectors.get(cell);
  }

  /** Width of a model's features, from a run on a blank picture. */
  static async widthOf(model: string, options: OnnxExtractorOptions): Promise<number> {
    const extractor = await OnnxExtractor.open(fs.readFileSync(model), model, options);
    const { dim } = await extractor.extract(new Uint8Array(3 * options.size ** 2), 1);
    await extractor.dispose();
    return dim;
  }

  /** Of pictures as the model reads them. */
  static open(
    feature: { name: string; path: string; dim: number } & OnnxExtractorOptions,
    pictures: Omit<PictureStoreOptions, "size">,
  ): OnnxPictures {
    const { name, path, dim, ...options } = feature;
    return new OnnxPictures(name, path, dim, options, new PictureStore({ ...pictures, size: options.size }));
  }
}
