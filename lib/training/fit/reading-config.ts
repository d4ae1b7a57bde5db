import { toCamelCase, toSnakeCase } from "../../config/part.js";
import { checkYaml } from "../../config/yaml-with-schema.js";
import { encoders } from "../../encoders/create-encoder.js";
import { readTransformerFolder } from "../../encoders/pretrained/transformer-folder.js";
import { crossCheck } from "../../experiment/cross-checks.js";
import { type ExperimentConfig, experimentSchema } from "../../experiment/schema.js";
import { resolveTableSizes } from "../../experiment/table-sizes.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";

/** What one side of an encoder may read, by column. */
export interface SideColumns {
  text: string | null;
  picture: string | null;
  categories: readonly string[];
}

/** Dictionaries and vocabularies of the data at hand. */
export interface ReadingParts {
  /** section text_vectorizer where the model brings no vocabulary of its own */
  vectorizer: () => Record<string, unknown>;
  /** folder of a word-piece vocabulary, for transformers without one */
  vocabulary: () => Promise<string>;
  /** folder of a category's dictionary */
  categories: (column: string) => string;
}

/** What trains, before its options: a registered kind, or a transformer's folder. */
export type ModelSource =
  | { kind: string }
  | { pretrained: string }
  /** a frozen ONNX picture encoder under a trained layer */
  | { onnx: string; features: number; size: number; output: string | null };

export interface ReadingRequest {
  model: ModelSource;
  /** keys of the configuration's section `model`, in camelCase or as YAML spells them, nested sections included */
  modelOptions: Readonly<Record<string, unknown>>;
  query: SideColumns;
  document: SideColumns;
  /** both sides read the same things: one tower */
  shared: boolean;
  datasetDir: string;
  parts: ReadingParts;
  /** section text; null: that of the data set */
  cleaning: "unicode" | null;
}

/** Words kept per text, by default. */
const WORDS = 64;
/** Width of tables and embeddings, by default. */
const WIDTH = 128;

/**
 * The configuration of an encoder that reads these columns: sections dataset, text_vectorizer and model, whatever else a
 * configuration has being by default. What search and evaluation open a run by, too.
 *
 * @throws UserError for a model that cannot read what the data hold, and options that it does not have
 */
export async function readingConfig(request: ReadingRequest): Promise<ExperimentConfig> {
  const { model, datasetDir, cleaning } = request;
  const { picture_size: pictureSize, ...options } = sectionKeys(request.modelOptions);
  if (pictureSize !== undefined && [request.query, request.document].every(({ picture }) => picture === null))
    throw new UserError(`fit: pictureSize must be given with pictures only, got ${pictureSize} for texts`);
  const made =
    "kind" in model && model.kind !== "Transformer" && !pictureKinds.includes(model.kind) && !isTowers(model)
      ? bagSections(model.kind, request)
      : isTowers(model)
        ? towersSections(model, request, pictureSize as number | undefined)
        : await transformerSections(model, request, options);
  const values = {
    ...{ task_id: "fit", run_id: "fit", num_epochs: 1, batch_size: 2, learning_rate: 1 },
    dataset_dir: datasetDir,
    ...(cleaning && { text: { cleaning } }),
    ...{ dataset: made.dataset, text_vectorizer: made.vectorizer },
    model: withOptions(made.model, options),
    loss: { type: "batch_softmax" },
  };
  const inherited = { values, has: () => true, where: () => "fit" };
  return resolveTableSizes(checkYaml(experimentSchema(), crossCheck, inherited));
}

/** Picture encoders by the name of their modality. */
export const pictureKinds: readonly string[] = ["cnn", "patches"];

export function isTowers(model: ModelSource): boolean {
  return (
    "onnx" in model || ("kind" in model && (model.kind === "Towers" || pictureKinds.includes(model.kind)))
  );
}

type Section = Record<string, unknown>;
interface Sections {
  dataset: { query_features: Section[]; document_features: Section[] };
  vectorizer: Section;
  model: Section;
}

/** Encoders over bags of tokens. */
function bagSections(kind: string, { query, document, parts }: ReadingRequest): Sections {
  const [queryText, documentText] = [textOf(kind, query), textOf(kind, document)];
  const category = document.categories[0];
  const readsCategory = kind === "MultiModalTwoTower";
  if (readsCategory && category === undefined)
    throw new UserError(
      `fit: documents must have a category for ${kind}, a tag by name or a column of the data set, got none`,
    );
  const table = { num_embeddings: "auto", embedding_dim: WIDTH };
  return {
    dataset: {
      query_features: [{ name: queryText, type: "text" }],
      document_features: [
        { name: documentText, type: "text" },
        ...(readsCategory ? [categoryFeature(category!, parts)] : []),
      ],
    },
    vectorizer: parts.vectorizer(),
    model: {
      ...(encoders.get(kind).settings ? { type: kind } : { type: "custom", name: kind }),
      ...{ text_embedding: table, output_dim: WIDTH },
      query: { text_feature: queryText },
      document: {
        text_feature: documentText,
        ...(readsCategory && { categorical_feature: category }),
      },
      ...(readsCategory && { category_feature: { num_embeddings: "auto", embedding_dim: 32 } }),
    },
  };
}

function categoryFeature(name: string, { categories }: ReadingParts): Section {
  return { name, type: "categorical", dictionary_path: categories(name), num_oov_categories: 8 };
}

function textOf(kind: string, side: SideColumns): string {
  if (side.text === null)
    throw new UserError(
      `fit: model ${kind} reads texts, got data with pictures alone; known for pictures: Towers, ${pictureKinds.join(", ")}, an .onnx file`,
    );
  return side.text;
}

/** Towers over whatever a side has. */
function towersSections(model: ModelSource, request: ReadingRequest, size: number | undefined): Sections {
  const { query, document, shared, parts } = request;
  const picture = pictureEncoder(model);
  const side = (columns: SideColumns) => {
    const declared: Section[] = [];
    const features: Section[] = [];
    const add = (name: string, feature: Section, encoder: Section) => {
      declared.push({ name, ...feature });
      features.push({ feature: name, encoder });
    };
    if (columns.text !== null) add(columns.text, { type: "text" }, { type: "bag" });
    for (const name of columns.categories) {
      const { name: _name, ...feature } = categoryFeature(name, parts);
      add(name, feature, { type: "category", num_embeddings: "auto", embedding_dim: 32 });
    }
    if (columns.picture !== null)
      add(columns.picture, { ...picture.feature, ...(size !== undefined && { size }) }, picture.encoder);
    if (features.length === 0) throw new UserError("fit: data must have a text or a picture, got neither");
    const text_feature = columns.text ?? columns.picture ?? columns.categories[0];
    return {
      declared,
      tower: {
        text_feature,
        features,
        fusion: { type: "concat", hidden_layers: features.length > 1 ? [WIDTH] : [] },
      },
    };
  };
  const [left, right] = [side(query), side(document)];
  const readsText = query.text !== null || document.text !== null;
  return {
    dataset: { query_features: left.declared, document_features: right.declared },
    vectorizer: readsText ? parts.vectorizer() : { type: "hashing", num_features: 16 },
    model: {
      type: "Towers",
      text_embedding: { num_embeddings: "auto", embedding_dim: readsText ? WIDTH : 2 },
      ...{ output_dim: WIDTH, share_towers: shared, query: left.tower, document: right.tower },
    },
  };
}

function pictureEncoder(model: ModelSource): { feature: Section; encoder: Section } {
  if ("onnx" in model)
    return {
      feature: {
        ...{ type: "onnx_image", path: model.onnx, dim: model.features },
        ...{ size: model.size, output: model.output },
      },
      encoder: { type: "vector", output_dim: WIDTH },
    };
  const type = "kind" in model && model.kind === "patches" ? "patches" : "cnn";
  return { feature: { type: "image" }, encoder: { type, output_dim: WIDTH } };
}

/** A transformer from a folder, or from scratch over a vocabulary of the data. */
async function transformerSections(
  model: ModelSource,
  { query, document, parts }: ReadingRequest,
  options: Section,
): Promise<Sections> {
  const folder = "pretrained" in model ? model.pretrained : null;
  const [queryText, documentText] = [textOf("Transformer", query), textOf("Transformer", document)];
  const known = folder === null ? null : readTransformerFolder(folder);
  const width = known?.architecture.hiddenSize ?? WIDTH;
  return {
    dataset: {
      query_features: [{ name: queryText, type: "text" }],
      document_features: [{ name: documentText, type: "text" }],
    },
    vectorizer: {
      type: "word_pieces",
      vocabulary_path: folder ?? (await parts.vocabulary()),
      max_length: Math.min(
        known?.maxLength ?? WORDS,
        (options["max_positions"] as number | undefined) ?? 512,
      ),
    },
    model: {
      type: "Transformer",
      ...{ pretrained: folder, text_embedding: { num_embeddings: "auto", embedding_dim: width } },
      output_dim: width,
      ...(known && { pooling: known.pooling, normalize: known.normalize }),
      query: { text_feature: queryText },
      document: { text_feature: documentText },
    },
  };
}

/** Options over a section, nested sections merged. Those of an encoder registered without keys are its own. */
function withOptions(section: Section, options: Section): Section {
  if (section["type"] !== "custom") return merged(section, options);
  const common = ["text_embedding", "output_dim", "query", "document"];
  const [shared, own] = [true, false].map((wanted) =>
    Object.fromEntries(Object.entries(options).filter(([key]) => common.includes(key) === wanted)),
  );
  return { ...merged(section, shared!), options: camelCased(own!) };
}

/** Keys of section `model`, from those and from a spec's (see {@link EncoderSpec}). */
function sectionKeys(options: Readonly<Record<string, unknown>>): Section {
  const { query_text_feature, document_text_feature, document_categorical_feature, ...rest } = snakeCased(
    options,
  ) as Section;
  const query = query_text_feature === undefined ? {} : { text_feature: query_text_feature };
  const document = {
    ...(document_text_feature !== undefined && { text_feature: document_text_feature }),
    ...(document_categorical_feature !== undefined && { categorical_feature: document_categorical_feature }),
  };
  return merged(
    { ...(Object.keys(query).length && { query }), ...(Object.keys(document).length && { document }) },
    rest,
  );
}

function merged(below: Section, above: Section): Section {
  const out: Section = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = ownEntry(out, key);
    out[key] = isSection(under) && isSection(value) ? merged(under, value) : value;
  }
  return out;
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (!isSection(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [toSnakeCase(key), snakeCased(inner)]),
  );
}

function camelCased(section: Section): Section {
  return Object.fromEntries(Object.entries(section).map(([key, value]) => [toCamelCase(key), value]));
}
