import type { Encoder, EncoderSpec } from "../encoders/encoder.js";
import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import type { PairSet } from "./pairs.js";
import { startTokenWeights } from "./token-weights.js";

/** Gives an encoder what of its start depends on the training texts: token weights and rows that no text holds. */
export function startFromTexts(encoder: Encoder, spec: EncoderSpec, pairs: PairSet): void {
  startTokenWeights(encoder, spec, pairs);
  if (spec.textEmbedding.untrainedRows === "zero") clearUntrainedRows(encoder, pairs);
}

/**
 * Sets the rows of tokens that no training text holds to zero; of a table per side, the texts are that side's. A row that
 * misspelled queries reach in training is moved from zero on.
 *
 * @throws UserError for an encoder without a table of token embeddings
 */
function clearUntrainedRows({ kind, tables }: Encoder, { queries, documents }: PairSet): void {
  const sides: [EmbeddingTable | undefined, FeatureBatch[]][] = [
    [tables["text"], [queries, documents]],
    [tables["query_text"], [queries]],
    [tables["document_text"], [documents]],
  ];
  let cleared = 0;
  for (const [table, batches] of sides) {
    if (table === undefined) continue;
    const held = new Uint8Array(table.rows);
    for (const { columns } of batches)
      for (const column of Object.values(columns))
        if (column.kind === "text") for (const id of column.ids) held[id] = 1;
    table.clearRows(held);
    cleared++;
  }
  if (cleared === 0)
    throw new UserError(
      `model.text_embedding.untrained_rows: must be random for ${kind}, which has no table of tokens, got zero`,
    );
}
