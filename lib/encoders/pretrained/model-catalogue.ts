import fs from "node:fs";
import path from "node:path";
import { nearestName } from "../../config/nearest-name.js";
import { UserError } from "../../files/user-error.js";

export type ModelTask = "text-to-text" | "image-to-image" | "text-to-image" | "mesh-to-mesh";

/** A model that can be named, whether or not its weights can be had here. */
export interface CatalogueEntry {
  name: string;
  /** further names it goes by, of other generations of the fine-tuner */
  aliases: readonly string[];
  task: ModelTask;
  /** length of an embedding; null: as configured */
  outputDim: number | null;
  architecture: string;
  /** millions of parameters; null: as configured */
  millions: number | null;
  licence: string;
  description: string;
  /** whose weights */
  source: string;
  /** what `qdrl model import` is given; null: nothing brings them here, and `note` says why */
  importFrom: string | null;
  note: string;
  /** what trains in its place where the weights are not here */
  standIn: string | null;
}

const bert = { task: "text-to-text", architecture: "BERT", standIn: "all-MiniLM-L6-v2" } as const;
const apache = "Apache-2.0";
const notBert = (what: string) => `${what}; only BERT-type encoders are read here`;
const pictures =
  "weights are not on npm or PyPI: give an .onnx file, qdrl model layers FILE shows where to cut it";

/** Own encoders that need no weights. */
const own: CatalogueEntry[] = [
  ["TwoTower", "text-to-text", "an MLP per side over mean embeddings from one token table"],
  ["SimpleTextEncoder", "text-to-text", "one encoder for both sides: mean embedding, two layers"],
  ["RegularizedSimpleTextEncoder", "text-to-text", "the same with dropout: two views of a text differ"],
  ["LinearEncoder", "text-to-text", "mean embedding and one linear layer for both sides"],
  ["MultiModalTwoTower", "text-to-text", "two towers, documents with a category beside their text"],
  ["Transformer", "text-to-text", "a BERT-type encoder from scratch, over word-pieces of the data"],
  ["Towers", "text-to-image", "two towers over any features; reads whatever the data hold"],
  ["cnn", "image-to-image", "a small residual network over pictures, text beside it where there is one"],
  ["patches", "image-to-image", "an MLP-Mixer or a small vision transformer over patches of pictures"],
].map(([name, task, description]) => ({
  ...{ name: name!, aliases: [], task: task as ModelTask, outputDim: null, architecture: name! },
  ...{ millions: null, licence: apache, description: description!, source: "this workspace" },
  ...{ importFrom: null, note: "starts from random weights", standIn: null },
}));

/** Every model that {@link findModel} knows: ours, and those of the fine-tuner (specs/4-finetuner.md section 8.2). */
export const modelCatalogue: readonly CatalogueEntry[] = [
  ...own,
  {
    ...bert,
    ...{ name: "all-MiniLM-L6-v2", aliases: ["sentence-transformers/all-MiniLM-L6-v2"], outputDim: 384 },
    ...{ millions: 22.7, licence: apache, source: "sentence-transformers, in a PyPI wheel" },
    standIn: "TwoTower",
    ...{ description: "six layers distilled, then trained on a billion sentence pairs" },
    ...{ importFrom: "all-MiniLM-L6-v2", note: "" },
  },
  {
    ...bert,
    ...{ name: "bert-base-cased", aliases: ["bert-base-en"], outputDim: 768, millions: 108, licence: apache },
    ...{ source: "Google, Hugging Face hub", importFrom: "hf:google-bert/bert-base-cased", note: "" },
    ...{ description: "BERT base, English books and Wikipedia" },
  },
  {
    ...bert,
    ...{ name: "bert-base-multi", aliases: ["bert-base-multilingual-cased"], outputDim: 768, millions: 178 },
    ...{ source: "Google, Hugging Face hub", importFrom: "hf:google-bert/bert-base-multilingual-cased" },
    ...{ licence: apache, note: "", description: "BERT base, Wikipedia in 104 languages" },
  },
  {
    ...bert,
    ...{
      name: "sbert-base-en",
      aliases: ["sentence-transformers/msmarco-distilbert-base-v3"],
      outputDim: 768,
    },
    ...{ architecture: "DistilBERT", millions: 66, licence: apache, source: "sentence-transformers" },
    ...{ importFrom: null, note: notBert("a DistilBERT"), description: "trained on MS MARCO passages" },
  },
  {
    ...bert,
    ...{
      name: "distiluse-base-multi",
      aliases: [],
      outputDim: 512,
      architecture: "DistilBERT + dense layer",
    },
    ...{ millions: 135, licence: apache, source: "sentence-transformers", importFrom: null },
    ...{
      note: notBert("a DistilBERT with a dense layer"),
      description: "distilled from a multilingual encoder",
    },
  },
  ...(
    [
      ["t", 312, 14, "BERT (TinyBERT)", "hf:jinaai/jina-embedding-t-en-v1", ""],
      ["s", 512, 35, "T5 encoder", null, notBert("a T5 encoder")],
      ["b", 768, 110, "T5 encoder", null, notBert("a T5 encoder")],
      ["l", 1024, 335, "T5 encoder", null, notBert("a T5 encoder")],
    ] as const
  ).map(([size, outputDim, millions, architecture, importFrom, note]) => ({
    ...bert,
    ...{
      name: `jina-embedding-${size}-en-v1`,
      aliases: [],
      outputDim,
      millions,
      architecture,
      importFrom,
      note,
    },
    ...{
      licence: apache,
      source: "Jina AI, Hugging Face hub",
      description: "Jina's own sentence embeddings",
    },
  })),
  ...(
    [
      ["resnet-base", ["resnet50"], 2048, "ResNet-50", 25.6],
      ["resnet-large", ["resnet152"], 2048, "ResNet-152", 60.2],
      ["efficientnet-b0", ["efficientnet_b0"], 1280, "EfficientNet-B0", 5.3],
      ["efficientnet-base", ["efficientnet_b4"], 1792, "EfficientNet-B4", 19.3],
      ["efficientnet-large", ["efficientnet_b7"], 2560, "EfficientNet-B7", 66.3],
    ] as const
  ).map(([name, aliases, outputDim, architecture, millions]) => ({
    ...{ name, aliases, task: "image-to-image" as const, outputDim, architecture, millions },
    ...{ licence: "BSD-3-Clause or Apache-2.0", source: "torchvision", importFrom: null, note: pictures },
    ...{ standIn: "cnn", description: "trained on ImageNet's classes" },
  })),
  ...(
    [
      ["clip-base-en", ["openai/clip-vit-base-patch32"], 512, "CLIP ViT-B/32", 151],
      ["clip-large-en", ["openai/clip-vit-large-patch14"], 1024, "CLIP ViT", 428],
      ["clip-base-multi", ["M-CLIP"], 512, "CLIP, multilingual text tower", 366],
    ] as const
  ).map(([name, aliases, outputDim, architecture, millions]) => ({
    ...{ name, aliases, task: "text-to-image" as const, outputDim, architecture, millions },
    ...{ licence: "MIT", source: "OpenAI, LAION", importFrom: null, standIn: "Towers" },
    ...{ note: pictures, description: "texts and pictures in one space" },
  })),
  {
    ...{ name: "pointnet-base", aliases: ["pointnet++"], task: "mesh-to-mesh", outputDim: 512 },
    ...{ architecture: "PointNet++", millions: 1.5, licence: "MIT", source: "ModelNet40", importFrom: null },
    ...{ note: "3-D meshes are left out on purpose: no reader of meshes, no encoder of point clouds" },
    ...{ standIn: null, description: "3-D meshes as point clouds" },
  },
  {
    ...{
      name: "mlp",
      aliases: [],
      task: "text-to-text",
      outputDim: null,
      architecture: "MLP",
      millions: null,
    },
    ...{ licence: "MIT", source: "this workspace", importFrom: null, standIn: "Towers" },
    ...{ note: "a tower over precomputed vectors: Towers with a feature of type vector" },
    ...{ description: "layers over embeddings that are there already" },
  },
];

/** Folder that weights are imported to. */
export const MODELS = path.join("data", "models");

/** Folder of a model's weights here, null if they are not. */
export function modelFolder({
  name,
  importFrom,
}: Pick<CatalogueEntry, "name" | "importFrom">): string | null {
  const names = [name, ...(importFrom === null ? [] : [path.basename(importFrom.replace(/^hf:/, ""))])];
  const found = names.map((each) => path.join(MODELS, each)).find(isTransformerFolder);
  return found ?? null;
}

/** Whether a folder holds a transformer in Hugging Face's layout. */
export function isTransformerFolder(dir: string): boolean {
  return ["config.json", "model.safetensors"].every((file) => fs.existsSync(path.join(dir, file)));
}

/** Whether a model needs weights that are brought here first. */
export function startsFromScratch({ source, standIn }: CatalogueEntry): boolean {
  return source === "this workspace" && standIn === null;
}

/**
 * The entry of a name or alias.
 *
 * @throws UserError for an unknown one, naming the nearest
 */
export function findModel(name: string): CatalogueEntry {
  const wanted = name.toLowerCase();
  const found = modelCatalogue.find((entry) =>
    [entry.name, ...entry.aliases].some((each) => each.toLowerCase() === wanted),
  );
  if (found) return found;
  const names = modelCatalogue.flatMap((entry) => [entry.name, ...entry.aliases]);
  const nearest = nearestName(name, names);
  throw new UserError(
    `unknown model "${name}"; ${nearest ? `did you mean ${nearest}?` : `qdrl model list shows those that are known`}`,
  );
}

/** In one line why a model cannot be used yet, what brings it, and what trains in its place. */
export function absence(entry: CatalogueEntry): string {
  const { name, importFrom, note, source, standIn } = entry;
  if (source === "this workspace") return `model ${name} is none by itself: ${note}`;
  const brought = importFrom === null ? note : `qdrl model import ${importFrom} brings them`;
  const instead = standIn === null ? "" : `; stand-in: ${standIn}`;
  return `model ${name} must have its weights here, found none: ${brought}${instead}`;
}

/**
 * The model itself if its weights are here, else its stand-in, or the stand-in's own where that one is not here either.
 *
 * @returns `line` says which and why, null if it is the model itself
 * @throws UserError for an unknown name, and for a model without stand-in
 */
export function modelOrStandIn(name: string): { model: string; line: string | null } {
  const entry = findModel(name);
  if (startsFromScratch(entry)) return { model: entry.name, line: null };
  const folder = modelFolder(entry);
  if (folder !== null) return { model: folder, line: null };
  const line = absence(entry);
  if (entry.standIn === null) throw new UserError(line);
  const { model, line: further } = modelOrStandIn(entry.standIn);
  return { model, line: further === null ? line : `${line}; ${further}` };
}
