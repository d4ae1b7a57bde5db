import type { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import { UserError } from "../files/user-error.js";
import { bagOfText, type EncoderSpec } from "./encoder.js";
import { Mlp, mlpPlan } from "./mlp.js";
import { TowerEncoder } from "./tower-encoder.js";

/** Name of the table that holds a number per token, where rows do not count alike. */
export const tokenWeightsTable = "token_weights";

/**
 * Two MLPs over mean embeddings from one shared token table, so a token shared by both sides counts at once; with
 * `separateTables` from one table per side.
 */
export function twoTower(spec: EncoderSpec, random: Random): TowerEncoder {
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
  const { numEmbeddings: rows, embeddingDim: dim } = spec.textEmbedding;
  const table = (name: string) => new EmbeddingTable({ rows, dim, random, name });
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
  const plan = mlpPlan(input, spec.hiddenLayers ?? [128], spec.outputDim, spec.lastLinear ?? true);
  return new Mlp(name, plan, input, spec.outputDim, random);
}
