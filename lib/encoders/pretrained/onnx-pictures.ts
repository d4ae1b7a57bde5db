import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { PictureStore, type PictureStoreOptions } from "../../datasets/images/picture-store.js";
import { RecordPack } from "../../datasets/images/record-pack.js";
import { type Listener, throttled } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { OnnxExtractor, type OnnxExtractorOptions } from "../image/onnx-extractor.js";

const BATCH = 16;

/** How models of ImageNet read pixels. */
export const imageNetNormalisation: Pick<OnnxExtractorOptions, "mean" | "std"> = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * Vectors of pictures by a frozen ONNX model, of those that were loaded: what a feature of that kind is read from. With a
 * cache they are kept by content of model, settings and decoded picture, so that the next run embeds none again.
 */
export class OnnxPictures {
  private readonly vectors = new Map<string, Float32Array>();
  private extractor: OnnxExtractor | null = null;
  private pack: RecordPack | null = null;

  /**
   * @param name of the feature, for messages
   * @param cacheDir folder of the vectors; null = embed in each run
   */
  constructor(
    private readonly name: string,
    private readonly model: string,
    readonly dim: number,
    private readonly options: OnnxExtractorOptions,
    private readonly pictures: PictureStore,
    private readonly cacheDir: string | null = null,
  ) {}

  /** Embeds those of the pictures that are new. @throws UserError for a model of another width */
  async load(cells: readonly string[], listener: Listener): Promise<void> {
    const missing = [...new Set(cells)].filter((cell) => cell !== "" && !this.vectors.has(cell));
    if (missing.length === 0) return;
    const model = fs.readFileSync(this.model);
    if (this.cacheDir !== null) this.pack ??= this.openPack(this.cacheDir, model);
    const report = throttled(listener);
    await this.pictures.load(missing);
    try {
      for (let from = 0; from < missing.length; from += BATCH) {
        const some = missing.slice(from, from + BATCH).filter((cell) => this.pictures.get(cell) !== null);
        await this.embed(some, model);
        report({
          task: `embed by ${this.model}`,
          done: from + some.length,
          total: missing.length,
          unit: "pictures",
        });
      }
    } finally {
      this.pack?.flush();
    }
  }

  /** Takes vectors from the cache, the others from the model. */
  private async embed(cells: readonly string[], model: Uint8Array): Promise<void> {
    const area = 3 * this.options.size ** 2;
    const waiting: { cell: string; key: string }[] = [];
    for (const cell of cells) {
      const key = createHash("sha256").update(this.pictures.get(cell)!).digest("hex");
      const cached = this.pack?.get(key);
      if (cached === undefined) waiting.push({ cell, key });
      else this.vectors.set(cell, new Float32Array(Uint8Array.from(cached).buffer));
    }
    if (waiting.length === 0) return;
    this.extractor ??= await OnnxExtractor.open(model, this.model, this.options);
    const pixels = new Uint8Array(waiting.length * area);
    waiting.forEach(({ cell }, i) => {
      pixels.set(this.pictures.get(cell)!, i * area);
    });
    const { features, dim } = await this.extractor.extract(pixels, waiting.length);
    if (dim !== this.dim)
      throw new UserError(
        `feature ${this.name}: dim must be the width of ${this.model}, ${dim}, got ${this.dim}`,
      );
    waiting.forEach(({ cell, key }, i) => {
      const vector = features.slice(i * dim, (i + 1) * dim);
      this.vectors.set(cell, vector);
      this.pack?.add(key, new Uint8Array(vector.buffer));
    });
  }

  /** Named by all that vectors of the same pixels depend on. */
  private openPack(folder: string, model: Uint8Array): RecordPack {
    const { size, mean, std, layout, output, pooling, gem } = this.options;
    const setting = createHash("sha256")
      .update(model)
      .update(JSON.stringify({ size, mean, std, layout, output, pooling, gem }));
    const name = `pixels-${setting.digest("hex").slice(0, 24)}-${this.dim}.pack`;
    return new RecordPack(path.join(folder, name), this.dim * 4);
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
    feature: { name: string; path: string; dim: number; cacheDir?: string | null } & OnnxExtractorOptions,
    pictures: Omit<PictureStoreOptions, "size">,
  ): OnnxPictures {
    const { name, path: model, dim, cacheDir = null, ...options } = feature;
    const store = new PictureStore({ ...pictures, size: options.size });
    return new OnnxPictures(name, model, dim, options, store, cacheDir);
  }
}
