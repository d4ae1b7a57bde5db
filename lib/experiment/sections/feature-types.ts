import { z } from "zod";
import { gemIssues, gemSetting } from "../../encoders/gem.js";

const name = z.string().min(1).describe("column of the data set");
const colour = z.int().min(0).max(255);

/** Keys of every feature whose values are mapped by a dictionary. */
export const dictionaryKeys = {
  dictionary_path: z
    .string()
    .min(1)
    .describe("folder with dictionary.json; looked up in dataset_dir, then from the workspace root"),
  num_oov_categories: z
    .int()
    .min(2)
    .describe("hash buckets for unknown values; the last one is never used (V − 1 are)"),
};

const multiCategorical = z.strictObject({
  name,
  type: z.literal("multi_categorical"),
  ...dictionaryKeys,
  separator: z.string().min(1).default("|").describe("between the categories of a cell"),
  limit: z.int().min(1).default(8).describe("categories kept per cell"),
});

const numeric = z.strictObject({
  name,
  type: z.literal("numeric"),
  scale: z.enum(["linear", "log"]).default("linear").describe("log = natural logarithm of 1 + value"),
  mean: z.number().default(0).describe("taken away after scaling"),
  std: z.number().positive().default(1).describe("divided by after that"),
});

const vector = z.strictObject({
  name: name.describe("column whose cells are keys of precomputed vectors"),
  type: z.literal("vector"),
  path: z.string().min(1).describe("Parquet with a key and a list column, or .npy beside a file of keys"),
  keys_path: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("text file with a key per row of the .npy; null for Parquet"),
  key_column: z.string().min(1).default("key").describe("of the Parquet file"),
  vector_column: z.string().min(1).default("vector").describe("of the Parquet file; lists of equal length"),
  dim: z.int().min(1).describe("entries of a vector"),
});

const pretrained = z.strictObject({
  name: z.string().min(1).describe("what encoders call the vector"),
  type: z.literal("pretrained"),
  from: z.array(z.string().min(1)).min(1).describe("columns joined by spaces: the text that is embedded"),
  model: z
    .string()
    .min(1)
    .describe("folder of a transformer that qdrl model import wrote; each text is embedded once and kept"),
  dim: z.int().min(1).describe("the model's width"),
});

const image = z.strictObject({
  name: name.describe("column of paths, data: addresses with the bytes, or web addresses downloaded before"),
  type: z.literal("image"),
  size: z.int().min(4).max(1024).default(32).describe("pixels on each side after decoding"),
  fit: z.enum(["contain", "cover", "fill"]).default("contain").describe("how other shapes become square"),
  background: z
    .tuple([colour, colour, colour])
    .default([255, 255, 255])
    .describe("red, green, blue behind transparent parts"),
  mean: z.tuple([z.number(), z.number(), z.number()]).default([0.5, 0.5, 0.5]).describe("of pixel / 255"),
  std: z
    .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
    .default([0.25, 0.25, 0.25])
    .describe("of pixel / 255"),
  on_error: z
    .enum(["skip", "fail"])
    .default("fail")
    .describe("a picture that cannot be read: count it as missing, or stop"),
  max_pixels: z.int().min(1).default(67108864).describe("width · height a picture may declare"),
  max_bytes: z.int().min(1).default(67108864).describe("of a picture file"),
  downloads: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("JSON file of address → file for web addresses; nothing is fetched"),
  cache_dir: z
    .string()
    .min(1)
    .nullable()
    .default("data/.pictures")
    .describe("decoded pictures by content; null = decode each time"),
});

const onnxImage = z
  .strictObject({
    name: z.string().min(1).describe("column of paths or data: addresses, as of an image"),
    type: z.literal("onnx_image"),
    path: z.string().min(1).describe("ONNX file of a frozen picture encoder"),
    dim: z.int().min(1).describe("entries of its features"),
    output: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("value that is read, an output or any other (qdrl model layers); null = the first output"),
    size: z.int().min(4).max(1024).default(224).describe("pixels on each side that the model reads"),
    fit: z.enum(["contain", "cover", "fill"]).default("contain").describe("how other shapes become square"),
    layout: z.enum(["nchw", "nhwc"]).default("nchw").describe("order of its axes"),
    mean: z
      .tuple([z.number(), z.number(), z.number()])
      .default([0.485, 0.456, 0.406])
      .describe("of pixel / 255"),
    std: z
      .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
      .default([0.229, 0.224, 0.225])
      .describe("of pixel / 255"),
    pooling: z.enum(["mean", "gem"]).default("mean").describe("how the positions of a map become one"),
    pooling_options: gemSetting,
    cache_dir: z
      .string()
      .min(1)
      .nullable()
      .default("data/.pictures")
      .describe("features by content of model and picture; null = embed in each run"),
  })
  .superRefine((feature, context) => {
    for (const issue of gemIssues(feature, [])) context.addIssue({ code: "custom", ...issue });
  });

const regions = z.strictObject({
  name: name.describe("column whose cells are names of .npz files with boxes, features and image_size"),
  type: z.literal("regions"),
  folder: z
    .string()
    .min(1)
    .describe("where the .npz files lie; in dataset_dir, then from the workspace root"),
  max_regions: z.int().min(1).default(32).describe("regions kept per picture"),
  dim: z.int().min(1).describe("entries of a region's features"),
});

/** Feature types beside text and categorical. */
export const furtherFeatures = [
  multiCategorical,
  numeric,
  vector,
  pretrained,
  image,
  onnxImage,
  regions,
] as const;
