import { readItems } from "../../datasets/items.js";
import type { JudgementHeader } from "../../datasets/judgements.js";
import { evaluationFilesOf, openDataset } from "../../datasets/open-dataset.js";
import { readQueries } from "../../datasets/queries.js";
import { trecId } from "../../datasets/trec.js";

/** An evaluation set as judgements of elsewhere name its queries and documents. */
export interface JudgedSet {
  header: JudgementHeader;
  /** Id of a query by its id, or by its text where only one has it. */
  queryOf(named: string): string | undefined;
  documentOf(named: string): string | undefined;
}

/** Opens an evaluation set, the default one where none is named. */
export async function openJudgedSet(dir: string, set?: string): Promise<JudgedSet> {
  const dataset = openDataset(dir, { verify: "size" });
  const { name, itemsPath, queriesPath } = evaluationFilesOf(dataset, set ?? null);
  const { ids } = await readItems(itemsPath);
  const { queries } = await readQueries(queriesPath);
  const queryIds = new Map(queries.flatMap(({ id }) => [[trecId(id), id] as const, [id, id] as const]));
  const texts = new Map<string, string | null>();
  for (const { id, fields } of queries)
    for (const text of new Set(Object.values(fields).map(plain)))
      texts.set(text, texts.has(text) ? null : id);
  const documents = new Map(ids.flatMap((id) => [[trecId(id), id] as const, [id, id] as const]));
  return {
    header: { dataset: dataset.name, fingerprint: dataset.fingerprint, set: name },
    queryOf: (named) => queryIds.get(named) ?? texts.get(plain(named)) ?? undefined,
    documentOf: (named) => documents.get(named),
  };
}

function plain(text: string): string {
  return text.normalize("NFC").trim().replace(/\s+/gu, " ").toLowerCase();
}
