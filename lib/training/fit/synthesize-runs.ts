import type { Listener } from "../../engine/progress.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { openRetriever } from "../../retrieval/retrievers/open-retriever.js";
import type { OpenedRetriever } from "../../retrieval/retrievers/retrieval-system.js";
import type { FitDocument } from "./fit-documents.js";
import { synthesizeMargins } from "./synthesize-margins.js";

export interface RunSynthesis {
  /** triplets, as fit reads them: three chunks and tags.finetuner_margin */
  documents: FitDocument[];
  /** queries of which the miner found fewer than two documents that the scorer knows */
  queriesWithout: number;
  /** as queries · (numRelations − 1) has it, were everything found */
  expected: number;
}

/**
 * Triplets with margins from queries without labels and the documents of two runs over one data set: the miner finds
 * `numRelations` documents of each query, the scorer scores them, and the best one is put before each of the others by the
 * difference of their scores. The scorer is asked for its whole ranking, so it should be exact.
 *
 * @param miner   folder of a run: BM25, an encoder, or a fusion
 * @param scorer  folder of a run: a transformer, or a fusion
 * @throws UserError for runs over different documents, and where there is no triplet at all
 * @see synthesizeMargins
 */
export async function synthesizeFromRuns(
  miner: string,
  scorer: string,
  queries: readonly string[],
  options: { numRelations?: number; listener?: Listener } = {},
): Promise<RunSynthesis> {
  const { numRelations = 10, listener = {} } = options;
  const [finding, scoring] = [
    await openRetriever(miner, { listener }),
    miner === scorer ? null : await openRetriever(scorer, { listener }),
  ];
  const teacher = scoring ?? finding;
  const [pool, scored] = [finding.sets[0]!.pool, teacher.sets[0]!.pool];
  if (pool.ids.length !== scored.ids.length || pool.ids.some((id, i) => id !== scored.ids[i]))
    throw new UserError(
      `synthesize: both runs must search the same documents, got ${pool.ids.length} of ${finding.run.manifest().dataset.dir} and ${scored.ids.length} of ${teacher.run.manifest().dataset.dir}`,
    );
  await finding.retriever.index(pool);
  if (scoring) await scoring.retriever.index(scored);
  const texts = pool.items.map((item, i) => ownEntry(item, finding.nameColumn) ?? pool.ids[i]!);
  let known = new Map<number, number>();
  const rowOf = new Map<string, number>(); // texts that occur twice are one document
  texts.forEach((text, row) => {
    if (!rowOf.has(text)) rowOf.set(text, row);
  });
  let without = 0;
  const triplets = await synthesizeMargins(queries, texts, {
    numRelations,
    async retrieve(query, k) {
      known = new Map();
      const [ranked] = await ask(teacher, query, texts.length);
      Array.from(ranked!.ids, (id, i) => known.set(rowOf.get(texts[id]!)!, ranked!.scores[i]!));
      const [found] = await ask(finding, query, Math.min(k, texts.length));
      const rows = [...new Set(Array.from(found!.ids, (id) => rowOf.get(texts[id]!)!))].filter((row) =>
        known.has(row),
      );
      if (rows.length < 2) without++;
      return rows;
    },
    score: (_query, documents) => documents.map((text) => known.get(rowOf.get(text)!)!),
  });
  if (triplets.length === 0)
    throw new UserError(
      `synthesize: the miner must find two documents of some query, got none for ${queries.length} queries`,
    );
  return {
    documents: triplets.map(({ query, positive, negative, margin }) => ({
      chunks: [{ text: query }, { text: positive }, { text: negative }],
      tags: { finetuner_margin: margin },
    })),
    queriesWithout: without,
    expected: queries.length * (numRelations - 1),
  };
}

async function ask({ retriever, queryColumns, readQueries }: OpenedRetriever, query: string, k: number) {
  const row = Object.fromEntries(queryColumns.map((column, i) => [column, i === 0 ? query : ""]));
  await readQueries?.([row]);
  return retriever.retrieve([row], k);
}
