import type { PackedLexical } from "../../browser/payload.js";
import { configCleaning } from "../../experiment/config-cleaning.js";
import type { Pool } from "../../experiment/evaluation-set.js";
import { trainingQueriesOf } from "../../experiment/training-queries.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
import { type Bm25Config, documentColumns } from "../../retrieval/retrievers/bm25-system.js";

/** Column of a page that holds the training queries of each document. */
const QUERIES_COLUMN = "training queries";

/** A BM25 system for a page, and the texts that it searches in, by column. */
export async function packLexical(
  name: string,
  config: Bm25Config,
  pool: Pool,
): Promise<{ packed: PackedLexical; texts: Record<string, string[]> }> {
  const documents = documentColumns(config);
  const fields = config.fields?.map((field) => ({
    columns: [...field.document_text, ...(field.training_queries ? [QUERIES_COLUMN] : [])],
    weight: field.weight,
  })) ?? [{ columns: documents, weight: 1 }];
  const texts = emptyRecord<string[]>();
  for (const column of new Set(fields.flatMap((field) => field.columns)))
    texts[column] =
      column === QUERIES_COLUMN
        ? await trainingQueriesOf(config.dataset_dir, { query: config.query_text, documents }, pool, {
            maxMalformed: config.max_malformed_rows,
          })
        : pool.items.map((item) => ownEntry(item, column) ?? "");
  return {
    packed: {
      kind: "bm25",
      name,
      fields,
      options: {
        k1: config.k1,
        b: config.b,
        variant: config.variant,
        ...(config.delta === undefined ? {} : { delta: config.delta }),
      },
      analysis: config.analysis,
      cleaning: configCleaning(config).name,
      fidelity: "",
    },
    texts,
  };
}
