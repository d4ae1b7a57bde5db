/** Searches what `qdrl index push RUN --to pgvector -o FOLDER --url …` filled: ten lines, with any client of PostgreSQL. */
import { openQueryEncoder } from "qdrl";

type Client = { query<T>(sql: string, values: unknown[]): Promise<{ rows: T[] }> };

export async function searchPgvector(client: Client, folder: string, text: string) {
  const encoder = await openQueryEncoder(`${folder}/encoder`);
  const [vector] = await encoder.encode([text]);
  const sql =
    "SELECT id, name, 1 - (embedding <=> $1) AS score FROM documents ORDER BY embedding <=> $1 LIMIT 5";
  const { rows } = await client.query<{ id: string; name: string; score: number }>(sql, [
    `[${vector!.join(",")}]`,
  ]);
  await encoder.close();
  return rows;
}
