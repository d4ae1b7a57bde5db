import type { Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { Bm25Index } from "../../retrieval/lexical/bm25.js";
import { openRetriever } from "../../retrieval/retrievers/open-retriever.js";
import { unicodeTokens } from "../../tokenizer/unicode-words.js";
import { type PairCensus, POOL } from "./pair-census.js";

/** What ranks the documents of a data set for queries. */
export interface AnsweringSystem {
  name: string;
  /** documents of the census that it can find, by their place in its pool */
  documents: Int32Array;
  /** the best of each query, best first: places in `documents`, and scores */
  answer(
    queries: readonly string[],
    k: number,
  ): Promise<{ ids: ArrayLike<number>; scores: ArrayLike<number> }[]>;
  close(): void;
}

/** Documents that BM25 is built over; of more, the first so many. */
const MOST_DOCUMENTS = 200_000;

/** Documents of the pool, where there is one, whose texts are known. */
export function searchedDocuments(census: PairCensus): Int32Array {
  const { documents } = census;
  const found: number[] = [];
  for (let i = 0; i < documents.size && found.length < MOST_DOCUMENTS; i++) {
    const inPool = !census.hasPool || (documents.parts.at(i) & POOL) !== 0;
    if (inPool && documents.text(i) !== null) found.push(i);
  }
  return Int32Array.from(found);
}

/** BM25 over the documents' texts, which needs no training. */
export function lexicalSystem(census: PairCensus): AnsweringSystem {
  const documents = searchedDocuments(census);
  const index = Bm25Index.build(
    Array.from(documents, (i) => unicodeTokens(census.documents.text(i)!.slice(0, 20_000).toLowerCase())),
  );
  return {
    name: "BM25",
    documents,
    answer: async (queries, k) => queries.map((text) => index.search(unicodeTokens(text.toLowerCase()), k)),
    close: () => {},
  };
}

/**
 * A finished run over the pool of its first evaluation set; documents are known by their ids.
 *
 * @throws UserError where its pool has none of the examined documents, or its queries are no texts
 */
export async function runToAnswer(
  census: PairCensus,
  dir: string,
  listener: Listener,
): Promise<AnsweringSystem> {
  const opened = await openRetriever(dir, { listener });
  const [column] = opened.textColumns;
  const [set] = opened.sets;
  if (column === undefined || set === undefined) {
    opened.close();
    throw new UserError(`--run: must be a run that searches for texts, got ${dir}`);
  }
  const documents = Int32Array.from(set.pool.ids, (id) => census.documents.table.find(id));
  if (!documents.some((document) => document !== -1)) {
    opened.close();
    throw new UserError(
      `--run: must search the documents that are examined, got ${dir}, whose pool has none of them`,
    );
  }
  await opened.retriever.index(set.pool);
  return {
    name: opened.run.manifest().system,
    documents,
    answer: (queries, k) =>
      opened.retriever.retrieve(
        queries.map((text) => ({ ...emptyColumns(opened.queryColumns), [column]: text })),
        k,
      ),
    close: () => opened.close(),
  };
}

function emptyColumns(columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [column, ""]));
}

const opened = new WeakMap<PairCensus, Promise<AnsweringSystem>>();

/** The run, or BM25 without one; opened once for a census. */
export function systemFor(
  census: PairCensus,
  run: string | null,
  listener: Listener,
): Promise<AnsweringSystem> {
  let system = opened.get(census);
  if (system === undefined) {
    system = run === null ? Promise.resolve(lexicalSystem(census)) : runToAnswer(census, run, listener);
    opened.set(census, system);
  }
  return system;
}
