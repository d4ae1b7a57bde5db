import { z } from "zod";
import type { CrossFieldIssue } from "../config/yaml-with-schema.js";
import type { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import { UserError } from "../files/user-error.js";
import { bagOfText, type EncoderSpec, tableOptions } from "./encoder.js";
import {
  type EncoderSection,
  encoderPart,
  ignoredKeys,
  textFeatureIssues,
  textKeys,
} from "./encoder-part.js";
import { Mlp, mlpPlan } from "./mlp.js";
import { layerStart, widths } from "./model-sizes.js";
import { TowerEncoder } from "./tower-encoder.js";
import { towerLayers } from "./tower-layers.js";

/** Name of the table that holds a number per token, where rows do not count alike. */
export const tokenWeightsTable = "token_weights";

/**
 * Two MLPs over mean embeddings from one shared token table, so a token shared by both sides counts at once; with
 * `separateTables` from one table per side.
 */
function twoTower(spec: EncoderSpec, random: Random): TowerEncoder {
  const { embeddingDim } = spec.textEmbedding;
  const query = towerOf("query", spec, embeddingDim, random);
  const document = towerOf("document", spec, embeddingDim, random);
  const { tables, queryText, documentText, weights, frozen } = textTables(spec, random);
  return new TowerEncoder(
    spec.kind,
    spec.outputDim,
    tables,
    [query, document],
    (batch) => query.apply(bagOfText(queryText, batch, spec.queryTextFeature, { weights })),
    (batch) => document.apply(bagOfText(documentText, batch, spec.documentTextFeature, { weights })),
    null,
    frozen,
  );
}

interface TextTables {
  tables: Record<string, EmbeddingTable>;
  queryText: EmbeddingTable;
  documentText: EmbeddingTable;
  /** "token_weights" [rows, 1], all 1 at first; null where all rows count alike */
  weights: EmbeddingTable | null;
  /** names of tables that are not trained */
  frozen: ReadonlySet<string>;
}

/**
 * The token table or tables of an encoder of two towers, and which each side reads. Weights that start at inverse document
 * frequencies are given them by whoever knows the texts.
 *
 * @throws RangeError for token weights beside separate tables
 */
export function textTables(spec: EncoderSpec, random: Random): TextTables {
  const { numEmbeddings: rows } = spec.textEmbedding;
  const table = (name: string) => new EmbeddingTable({ ...tableOptions(spec.textEmbedding), random, name });
  const { tokenWeights = "uniform" } = spec;
  if (!spec.separateTables) {
    const text = table("text");
    const sides = { queryText: text, documentText: text };
    if (tokenWeights === "uniform") return { tables: { text }, ...sides, weights: null, frozen: new Set() };
    const weights = new EmbeddingTable({ rows, dim: 1, name: tokenWeightsTable });
    weights.setWeights(new Float32Array(rows).fill(1));
    const frozen = new Set(tokenWeights === "idf" ? [tokenWeightsTable] : []);
    return { tables: { text, [tokenWeightsTable]: weights }, ...sides, weights, frozen };
  }
  if (tokenWeights !== "uniform")
    throw new UserError(
      `${spec.kind}: token weights must be uniform with separate tables, got ${tokenWeights}`,
    );
  const [queryText, documentText] = [table("query_text"), table("document_text")];
  return {
    tables: { query_text: queryText, document_text: documentText },
    queryText,
    documentText,
    weights: null,
    frozen: new Set(),
  };
}

/** The MLP of one side, [input] → [outputDim], as the spec's hiddenLayers and lastLinear say. */
export function towerOf(name: string, spec: EncoderSpec, input: number, random: Random): Mlp {
  const { hiddenLayers, lastLinear } = towerLayers(spec);
  const plan = mlpPlan(input, hiddenLayers, spec.outputDim, lastLinear);
  return new Mlp(name, plan, input, spec.outputDim, random, spec.layerStart);
}

/** Settings of encoders of two towers. */
export const towerKeys = {
  hidden_layers: widths.default([]).describe("widths; ReLU after each. The published system has one of 128"),
  last_linear: z
    .boolean()
    .optional()
    .describe(
      "end with a linear layer to output_dim; default: where there are hidden layers, or where a tower's input has another width",
    ),
  layer_start: layerStart,
  separate_tables: z
    .boolean()
    .optional()
    .describe("a table of tokens per side instead of one that both sides share (the default)"),
  token_weights: z
    .enum(["uniform", "idf", "learned", "learned_from_idf"])
    .default("uniform")
    .describe(
      "how the rows of a text's bag count: alike; by inverse document frequency among the distinct training texts of both sides; by a trained number per row, starting at 1 or at that frequency",
    ),
};

type TowerSection = EncoderSection<typeof textKeys & typeof towerKeys>;

/** Options of {@link towerKeys}; defaults of the spec are left out. */
export function towerOptions(section: TowerSection): Partial<EncoderSpec> {
  const { hidden_layers: hiddenLayers, last_linear: lastLinear, token_weights: tokenWeights } = section;
  return {
    hiddenLayers,
    ...(lastLinear !== undefined && { lastLinear }),
    ...(section.layer_start !== "apart" && { layerStart: section.layer_start }),
    ...(section.separate_tables && { separateTables: true }),
    ...(tokenWeights !== "uniform" && { tokenWeights }),
  };
}

/** @param bare  whether a side without any layer would give embeddings: its inputs on both sides have one width */
export function towerIssues(section: TowerSection, bare: boolean): CrossFieldIssue[] {
  const issues: CrossFieldIssue[] = [];
  const { output_dim: width, text_embedding: table } = section;
  if (section.last_linear === false) {
    const last = section.hidden_layers.at(-1);
    if (last === undefined && !bare)
      issues.push({
        path: ["model", "last_linear"],
        message:
          "must be true when model.hidden_layers is empty: the towers' inputs differ in width, got false",
      });
    else if (last === undefined && table.embedding_dim !== width)
      issues.push({
        path: ["model", "output_dim"],
        message: `must equal model.text_embedding.embedding_dim (${table.embedding_dim}) when there is no layer at all, got ${width}`,
      });
    else if (last !== undefined && last !== width)
      issues.push({
        path: ["model", "output_dim"],
        message: `must equal the last hidden width (${last}) when model.last_linear is false, got ${width}`,
      });
  }
  const layerless =
    section.hidden_layers.length === 0 && !(section.last_linear ?? (!bare || table.embedding_dim !== width));
  if (layerless && section.layer_start !== "apart")
    issues.push({
      path: ["model", "layer_start"],
      message: `must be apart when there is no layer at all, got ${section.layer_start}`,
    });
  if (section.token_weights !== "uniform" && section.separate_tables)
    issues.push({
      path: ["model", "token_weights"],
      message: `must be uniform with model.separate_tables, got ${section.token_weights}`,
    });
  return issues;
}

export const twoTowerPart = encoderPart({
  kind: "TwoTower",
  summary: "an MLP per side over mean embeddings from one token table",
  settings: { ...textKeys, ...towerKeys, ...ignoredKeys },
  optionsOf: towerOptions,
  check: (section, context) => [...textFeatureIssues(section, context), ...towerIssues(section, true)],
  make: twoTower,
});
