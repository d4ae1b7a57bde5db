import fs from "node:fs";
import path from "node:path";
import { readVectorFile } from "../datasets/arrays/vector-file.js";
import { decodeDefaults } from "../datasets/images/decode-picture.js";
import { PictureStore } from "../datasets/images/picture-store.js";
import { RegionFolder } from "../datasets/images/region-files.js";
import { OnnxPictures } from "../encoders/pretrained/onnx-pictures.js";
import { PretrainedTexts } from "../encoders/pretrained/pretrained-texts.js";
import { type Listener, throttled } from "../engine/progress.js";
import { CategoryListReader } from "../features/category-list-reader.js";
import type { ColumnReader } from "../features/column-reader.js";
import { joinedCells } from "../features/feature-pipeline.js";
import { ImageReader } from "../features/image-reader.js";
import { NumberReader } from "../features/number-reader.js";
import { RegionReader } from "../features/region-reader.js";
import { VectorReader } from "../features/vector-reader.js";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import type { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import type { ExperimentConfig } from "./schema.js";
import type { FeatureConfig } from "./sections/dataset.js";

type Row = Readonly<Record<string, string>>;
type ImageConfig = Extract<FeatureConfig, { type: "image" }>;

/** The readers of one side's features, and the pictures they read from. */
export class FeatureReaders {
  readonly readers: Record<string, ColumnReader> = emptyRecord();
  private readonly stores: { name: string; store: PictureStore }[] = [];
  private readonly texts: { columns: readonly string[]; texts: PretrainedTexts }[] = [];

  private readonly frozen: { name: string; pictures: OnnxPictures }[] = [];

  private constructor(private readonly config: ExperimentConfig) {}

  /**
   * Makes the readers of features that are neither text nor one category.
   *
   * @param mappers one per list of categories, by name
   */
  static async create(
    config: ExperimentConfig,
    features: readonly FeatureConfig[],
    mappers: Readonly<Record<string, CategoricalMapper>>,
  ): Promise<FeatureReaders> {
    const made = new FeatureReaders(config);
    for (const feature of features) {
      const reader = await made.readerOf(feature, mappers);
      if (reader !== null) made.readers[feature.name] = reader;
    }
    return made;
  }

  /** Decodes the pictures and embeds the texts of these rows; must be done before the rows are encoded. */
  async prepare(rows: readonly Row[], listener: Listener): Promise<void> {
    for (const { name, store } of this.stores) {
      const report = throttled(listener);
      await store.load(
        rows.map((row) => ownEntry(row, name) ?? ""),
        (done, total) => report({ task: `decode ${name}`, done, total, unit: "pictures" }),
      );
    }
    for (const { name, pictures } of this.frozen)
      await pictures.load(
        rows.map((row) => ownEntry(row, name) ?? ""),
        listener,
      );
    for (const { columns, texts } of this.texts)
      await texts.load(
        rows.map((row) => joinedCells(columns.map((column) => ownEntry(row, column) ?? ""))),
        listener,
      );
  }

  /** Pictures that could not be read, one line each; decoded and cached ones as counts. */
  picturesRead(): { counts: Record<string, number>; failures: string[] } {
    const counts: Record<string, number> = {};
    const failures: string[] = [];
    for (const { name, store } of this.stores) {
      const { decoded, fromCache, failed } = store.report;
      counts[`pictures: ${name}`] = decoded + fromCache;
      if (failed.length > 0) counts[`unreadable pictures: ${name}`] = failed.length;
      failures.push(...failed.map(({ reason }) => reason));
    }
    return { counts, failures };
  }

  private async readerOf(
    feature: FeatureConfig,
    mappers: Readonly<Record<string, CategoricalMapper>>,
  ): Promise<ColumnReader | null> {
    switch (feature.type) {
      case "text":
      case "categorical":
        return null;
      case "multi_categorical":
        return new CategoryListReader({ ...feature, mapper: mappers[feature.name]! });
      case "numeric":
        return new NumberReader(feature);
      case "vector":
        return new VectorReader(
          await readVectorFile({
            path: this.find(feature.path),
            keysPath: feature.keys_path === null ? null : this.find(feature.keys_path),
            keyColumn: feature.key_column,
            vectorColumn: feature.vector_column,
            dim: feature.dim,
          }),
        );
      case "pretrained": {
        const texts = PretrainedTexts.open(feature);
        this.texts.push({ columns: feature.from, texts });
        return new VectorReader(texts, "pretrained");
      }
      case "image":
        return this.imageReader(feature);
      case "onnx_image": {
        const { path: model, pooling_options: gem, cache_dir: cacheDir, fit, type: _type, ...rest } = feature;
        const options = { ...rest, ...(gem && { gem }), path: this.find(model), cacheDir };
        const pictures = OnnxPictures.open(options, {
          ...{ ...decodeDefaults, fit, folders: [this.config.dataset_dir, "."], downloads: null },
          ...{ cacheDir: null, onError: "fail" },
        });
        this.frozen.push({ name: feature.name, pictures });
        return new VectorReader(pictures, "onnx_image");
      }
      case "regions":
        return new RegionReader(
          new RegionFolder(this.find(feature.folder), feature.dim),
          feature.max_regions,
        );
    }
  }

  private imageReader(feature: ImageConfig): ColumnReader {
    const store = new PictureStore({
      size: feature.size,
      fit: feature.fit,
      background: feature.background,
      maxPixels: feature.max_pixels,
      maxBytes: feature.max_bytes,
      folders: [this.config.dataset_dir, "."],
      downloads: feature.downloads === null ? null : this.find(feature.downloads),
      cacheDir: feature.cache_dir,
      onError: feature.on_error,
    });
    this.stores.push({ name: feature.name, store });
    return new ImageReader(store, feature);
  }

  /** Inside the data set if it is there, else from the workspace root. */
  private find(named: string): string {
    const inside = path.join(this.config.dataset_dir, named);
    return fs.existsSync(inside) ? inside : named;
  }
}
