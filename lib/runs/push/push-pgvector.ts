import { UserError } from "../../files/user-error.js";
import type { EmbeddedDocuments } from "./embedded-documents.js";

/** Rows of one INSERT. */
const ROWS = 200;

/** Dimensions that pgvector indexes. */
const INDEXED = 2000;

export interface PgvectorOptions {
  /** With a schema if it is to have one: shop.documents. */
  table: string;
  /** HNSW over the embeddings; without one a search reads every row, and is exact. */
  index: boolean;
}

/**
 * SQL for PostgreSQL with pgvector, statement by statement: a table of id, name, document (jsonb) and embedding is made anew in one
 * transaction, so that who searches meanwhile sees the old one or the new one. Search it by
 * `ORDER BY embedding <=> $1 LIMIT 10` (cosine distance) or `<#>` (negative product), as the comment of the table says.
 *
 * @throws UserError for a name that is no plain identifier, and more dimensions than an index takes
 * @see https://github.com/pgvector/pgvector
 */
export function* pgvectorStatements(
  embedded: EmbeddedDocuments,
  { table, index }: PgvectorOptions,
): Generator<string> {
  if (!/^[a-z_][a-z0-9_]{0,50}(\.[a-z_][a-z0-9_]{0,50})?$/.test(table))
    throw new UserError(
      `--table: must be lower-case letters, digits and _, with a schema before a dot if need be, got ${JSON.stringify(table)}`,
    );
  const { ids, names, documents, vectors, dim, similarity } = embedded;
  if (index && dim > INDEXED)
    throw new UserError(
      `--to pgvector: an index takes at most ${INDEXED} dimensions, got ${dim}; use --no-index`,
    );
  const [operator, operators] =
    similarity === "cosine" ? ["<=>", "vector_cosine_ops"] : ["<#>", "vector_ip_ops"];
  yield "CREATE EXTENSION IF NOT EXISTS vector;";
  yield "BEGIN;";
  yield `DROP TABLE IF EXISTS ${table};`;
  yield `CREATE TABLE ${table} (id text PRIMARY KEY, name text NOT NULL, document jsonb NOT NULL, embedding vector(${dim}) NOT NULL);`;
  yield `COMMENT ON TABLE ${table} IS ${literal(`qdrl: ORDER BY embedding ${operator} query`)};`;
  for (let from = 0; from < ids.length; from += ROWS) {
    const rows: string[] = [];
    for (let row = from; row < Math.min(ids.length, from + ROWS); row++) {
      const vector = `'[${vectors.subarray(row * dim, (row + 1) * dim).join(",")}]'`;
      rows.push(
        `(${literal(ids[row]!)}, ${literal(names[row]!)}, ${literal(json(documents[row]!))}, ${vector})`,
      );
    }
    yield `INSERT INTO ${table} (id, name, document, embedding) VALUES\n${rows.join(",\n")};`;
  }
  if (index) yield `CREATE INDEX ON ${table} USING hnsw (embedding ${operators});`;
  yield "COMMIT;";
  yield `ANALYZE ${table};`;
}

/** Halves of a character that stand alone. */
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** What PostgreSQL's texts can hold: no character 0, no half of a character. */
function storable(text: string): string {
  return text.replaceAll("\0", "").replace(LONE, "\ufffd");
}

function json(document: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(document).map(([key, value]) => [storable(key), storable(value)])),
  );
}

/** A string of SQL, whatever it holds. */
function literal(text: string): string {
  const plain = storable(text).replaceAll("'", "''");
  return plain.includes("\\") ? `E'${plain.replaceAll("\\", "\\\\")}'` : `'${plain}'`;
}
