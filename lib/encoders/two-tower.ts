import { EmbeddingTable } from "../engine/embedding-table.js";
import type { Random } from "../engine/random.js";
import { bagOfText, type EncoderSpec } from "./encoder.js";
import { Mlp, mlpPlan } from "./mlp.js";
import { TowerEncoder } from "./tower-encoder.js";

/**
 * Two MLPs over mean embeddings from one shared token table, so a token shared by both sides counts at once; with
 * `separateTables` from one table per side.
 */
export function twoTower(spec: EncoderSpec, random: Random): TowerEncoder {
  const { embeddingDim } = spec.textEmbedding;
  const query = towerOf("query", spec, embeddingDim, random);
  const document = towerOf("document", spec, embeddingDim, random);
  const { tables, queryText, documentText } = textTables(spec, random);
  return new TowerEncoder(
    spec.kind,
    spec.outputDim,
    tables,
    [query, document],
    (batch) => query.apply(bagOfText(queryText, batch, spec.queryTextFeature)),
    (batch) => document.apply(bagOfText(documentText, batch, spec.documentTextFeature)),
  );
}

/** The token table or tables of an encoder of two towers, and which each side reads. */
export function textTables(
  spec: EncoderSpec,
  random: Random,
): { tables: Record<string, EmbeddingTable>; queryText: EmbeddingTable; documentText: EmbeddingTable } {
  const { numEmbeddings: rows, embeddingDim: dim } = spec.textEmbedding;
  const table = (name: string) => new EmbeddingTable({ rows, dim, random, name });
  if (!spec.separateTables) {
    const text = table("text");
    return { tables: { text }, queryText: text, documentText: text };
  }
  const [queryText, documentText] = [table("query_text"), table("document_text")];
  return { tables: { query_text: queryText, document_text: documentText }, queryText, documentText };
}

/** The MLP of one side, [input] → [outputDim], as the spec's hiddenLayers and lastLinear say. */
export function towerOf(name: string, spec: EncoderSpec, input: number, random: Random): Mlp {
  const plan = mlpPlan(input, spec.hiddenLayers ?? [128], spec.outputDim, spec.lastLinear ?? true);
  return new Mlp(name, plan, input, spec.outputDim, random);
}
