import { z } from "zod";
import type { Part, Settings } from "../config/part.js";
import type { CrossFieldIssue } from "../config/yaml-with-schema.js";
import type { Random } from "../engine/random/random.js";
import type { Encoder, EncoderSpec } from "./encoder.js";
import { initialStd, tableRows, width } from "./model-sizes.js";

/** A feature as a configuration declares it. */
export interface DeclaredFeature {
  name: string;
  type: string;
  /** entries of a vector, or of a region */
  dim?: number;
  /** pixels on each side of a picture */
  size?: number;
}

/** What of the rest of a configuration an encoder depends on. */
export interface EncoderContext {
  queryFeatures: readonly DeclaredFeature[];
  documentFeatures: readonly DeclaredFeature[];
  /** Type of the text vectoriser. */
  vectorizer: string;
}

/** An encoder as its index holds it. */
export interface AnyEncoderPart extends Part {
  /** Options of the spec beyond those of every encoder, from a checked section. Default: its settings in camelCase. */
  optionsOf?(section: never, context: EncoderContext): Partial<EncoderSpec>;
  /** Rules that need more than one key. Default: {@link textFeatureIssues}. */
  check?(section: never, context: EncoderContext): CrossFieldIssue[];
  make(spec: EncoderSpec, random: Random): Encoder;
}

/** Values of a section with these settings. */
export type EncoderSection<S extends Settings> = z.output<z.ZodObject<{ [K in keyof S]: S[K] }>>;

/** An encoder that declares itself. */
export interface EncoderPart<K extends string, S extends Settings> extends AnyEncoderPart {
  readonly kind: K;
  readonly settings: S;
  optionsOf?(section: EncoderSection<S>, context: EncoderContext): Partial<EncoderSpec>;
  check?(section: EncoderSection<S>, context: EncoderContext): CrossFieldIssue[];
}

/** Checks a declaration: rules and options are of the section that the settings describe. */
export function encoderPart<K extends string, S extends Settings>(
  part: EncoderPart<K, S>,
): EncoderPart<K, S> {
  return part;
}

const tableSize = { num_embeddings: tableRows, embedding_dim: width.describe("columns of the table") };

/** A table of embeddings: its size and how it starts. */
export const tableSetting = z.strictObject({ ...tableSize, initial_std: initialStd });

/** A table whose start is not the configuration's. */
export const sizeSetting = z.strictObject(tableSize);

/** The table of token embeddings. */
export const textTableSetting = tableSetting.extend({
  untrained_rows: z
    .enum(["random", "zero"])
    .default("random")
    .describe(
      "rows of tokens that no training text holds: random, as all rows start, or zero, so that an unknown token adds nothing to a text's bag unless misspelled training queries reach its row",
    ),
});

/** Keys of every encoder of texts. */
export const textKeys = {
  text_embedding: textTableSetting,
  output_dim: width.describe("length of the embeddings"),
  query: z.strictObject({ text_feature: z.string().min(1).describe("query column that is read") }),
  document: z.strictObject({
    text_feature: z.string().min(1).describe("document column that is read"),
    categorical_feature: z.string().min(1).optional().describe("read by MultiModalTwoTower only"),
  }),
};

/** Published files carry the keys of every model at once, so each model accepts and ignores the others'. */
export const ignoredKeys = {
  category_feature: tableSetting.optional().describe("MultiModalTwoTower only"),
  fc_dim: width.optional().describe("SimpleTextEncoder only"),
};

type TextSection = { query: { text_feature: string }; document: { text_feature: string } };

/** Blames names of text features that the data set does not declare. */
export function textFeatureIssues(section: TextSection, context: EncoderContext): CrossFieldIssue[] {
  return [
    ...featureIssues(["model", "query", "text_feature"], section.query.text_feature, "text", context),
    ...featureIssues(["model", "document", "text_feature"], section.document.text_feature, "text", context),
  ];
}

/** Blames the key at `path` unless its side declares such a feature of that type. */
export function featureIssues(
  path: ["model", "query" | "document", string],
  feature: string,
  type: "text" | "categorical",
  { queryFeatures, documentFeatures }: EncoderContext,
): CrossFieldIssue[] {
  const [, side] = path;
  const declared = side === "query" ? queryFeatures : documentFeatures;
  if (declared.some((f) => f.name === feature && f.type === type)) return [];
  return [
    {
      path,
      message: `must name a ${type} feature of dataset.${side}_features (${declared.map((f) => `${f.name}: ${f.type}`).join(", ")}), got "${feature}"`,
    },
  ];
}
