import { nearestName } from "../config/nearest-name.js";
import { bagSides } from "../encoders/bag-sides.js";
import { encodeAll } from "../encoders/encode-all.js";
import type { Listener } from "../engine/progress.js";
import type { Pool, Row } from "../experiment/evaluation-set.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import { encoderSpec } from "../experiment/specs.js";
import { createVectorizer } from "../experiment/vectorizers.js";
import { sourceColumns } from "../features/feature-pipeline.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { explainBags } from "../retrieval/explaining/explain-bags.js";
import { type Explanation, textsWithoutAWord } from "../retrieval/explaining/explanation.js";
import { Bm25Retriever } from "../retrieval/retrievers/bm25-retriever.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";
import { openRetriever } from "../retrieval/retrievers/open-retriever.js";
import type { OpenedRetriever } from "../retrieval/retrievers/retrieval-system.js";
import type { RunFolder } from "../tracking/run-folder.js";

/** Why a run gives a document its score and rank for a query. */
export interface ExplainedDocument extends Explanation {
  system: string;
  /** The query as the system reads it. */
  query: string;
  id: string;
  name: string;
  /** From 1 on; null: the document is not found at all. */
  rank: number | null;
  /** Documents in the pool. */
  of: number;
}

/** @param document  its id or its name; left out: the first result */
export type Explain = (query: string, document?: string) => Promise<ExplainedDocument>;

/** How one kind of system divides a score: given what it is asked, the document and its score. */
type Divide = (query: string, document: number, score: number) => Promise<Explanation> | Explanation;

/**
 * Opens a run to ask it why. Encoders whose query side is a bag of tokens and BM25 divide a score into shares of tokens that
 * add up to it; every other system is asked again without each word in turn (occlusion), and says so by its method.
 *
 * @returns the function that explains, and `close`
 * @throws UserError for rankings made elsewhere, and where queries are no text
 */
export async function openExplain(
  dir: string,
  options: { listener?: Listener } = {},
): Promise<{ explain: Explain; close: () => void }> {
  const opened = await openRetriever(dir, options);
  await opened.retriever.index(opened.sets[0]!.pool);
  const { explain, close } = await explainOver(opened);
  return {
    explain,
    close: () => {
      close();
      opened.close();
    },
  };
}

/** {@link openExplain} over a system that has indexed the documents of its first set; `close` leaves that open. */
export async function explainOver(opened: OpenedRetriever): Promise<{ explain: Explain; close: () => void }> {
  const { run, retriever, sets, queryColumns, textColumns, prepare } = opened;
  const { kind, system } = run.manifest();
  const column = queryColumns[0]!;
  if (kind === "rankings")
    throw new UserError(
      `explain: ${run.dir} must be a system that can be asked, got rankings made elsewhere`,
    );
  if (!textColumns.includes(column))
    throw new UserError(`explain: queries must be text, got ${column} in ${run.dir}`);
  const { pool } = sets[0]!;
  const size = pool.items.length;
  const rowOf = (text: string): Row =>
    Object.fromEntries(queryColumns.map((name) => [name, name === column ? text : ""]));
  const ranked = async (texts: readonly string[]) => retriever.retrieve(texts.map(rowOf), size);
  const { divide, close } = await divisionOf(opened, ranked);
  return {
    explain: async (typed, wanted) => {
      const query = prepare(typed);
      if (query.trim() === "") throw new UserError(`explain: query must have a word, got "${typed}"`);
      const [all] = await ranked([query]);
      const document = wanted === undefined ? firstOf(all!.ids, typed) : documentNamed(pool, wanted, opened);
      const place = Array.from(all!.ids).indexOf(document);
      const score = place < 0 ? 0 : all!.scores[place]!;
      return {
        ...(await divide(query, document, score)),
        ...{ score, system, query, id: pool.ids[document]!, of: size },
        name: ownEntry(pool.items[document], opened.nameColumn) ?? pool.ids[document]!,
        rank: place < 0 ? null : place + 1,
      };
    },
    close,
  };
}

/**
 * Why a run gives a document its score and rank for a query. It opens the run and indexes its documents for it: to ask
 * again and again, use {@link openExplain}.
 *
 * @param of        a run, or its folder
 * @param document  its id or its name; left out: the first result
 */
export async function explainRun(
  of: RunFolder | string,
  query: string,
  document?: string,
  options: { listener?: Listener } = {},
): Promise<ExplainedDocument> {
  const { explain, close } = await openExplain(typeof of === "string" ? of : of.dir, options);
  try {
    return await explain(query, document);
  } finally {
    close();
  }
}

function firstOf(ids: ArrayLike<number>, query: string): number {
  const first = ids[0];
  if (first === undefined || first < 0)
    throw new UserError(`explain: document must be named where nothing is found, got none for "${query}"`);
  return first;
}

/** @throws UserError for a name that no document has, or several */
function documentNamed({ ids, items }: Pool, wanted: string, { nameColumn }: OpenedRetriever): number {
  const byId = ids.indexOf(wanted);
  if (byId >= 0) return byId;
  const names = items.map((item) => ownEntry(item, nameColumn) ?? "");
  const same = names.flatMap((name, i) => (name.toLowerCase() === wanted.toLowerCase() ? [i] : []));
  if (same.length === 1) return same[0]!;
  if (same.length > 1)
    throw new UserError(
      `explain: document must be one, got ${same.length} named "${wanted}"; their ids: ${same
        .slice(0, 10)
        .map((i) => ids[i])
        .join(", ")}`,
    );
  const nearest = nearestName(wanted, names);
  throw new UserError(
    `explain: document must be an id or a name of the ${ids.length.toLocaleString("en")} documents, got "${wanted}"${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

async function divisionOf(
  opened: OpenedRetriever,
  ranked: (texts: readonly string[]) => Promise<{ ids: ArrayLike<number>; scores: ArrayLike<number> }[]>,
): Promise<{ divide: Divide; close: () => void }> {
  const { retriever, run } = opened;
  if (retriever instanceof Bm25Retriever)
    return { divide: (query, document) => retriever.explain(query, document), close: () => {} };
  /** The document's score for each text; 0 where it is not found. */
  const scores = async (texts: readonly string[], document: number) =>
    (await ranked(texts)).map(({ ids, scores: found }) => found[Array.from(ids).indexOf(document)] ?? 0);
  const bags = run.manifest().kind === "dense" ? await bagDivision(opened) : null;
  const divide: Divide = async (query, document, score) => {
    const explanation = bags?.divide(query, document, score) ?? null;
    const words = query.split(/\s+/u).filter((word) => word !== "");
    const fits = explanation === null || explanation.words.length === words.length;
    // all words but one would be no query
    const without = fits && words.length > 1 ? await scores(textsWithoutAWord(words), document) : null;
    if (explanation !== null)
      return {
        ...explanation,
        words: explanation.words.map((word, i) => ({ ...word, without: without?.[i] ?? null })),
      };
    const shares = words.map((text, word) => ({
      text,
      word,
      share: without ? score - without[word]! : score,
    }));
    return {
      ...{ method: "occlusion" as const, score, grid: null },
      words: shares.map(({ text, share, word }) => ({ text, share, without: without?.[word] ?? null })),
      tokens: shares.map((share) => ({ ...share, kind: "word" as const })),
    };
  };
  return { divide, close: bags?.close ?? (() => {}) };
}

/** Shares of tokens in a run whose encoder's query side is a bag; null for another encoder. */
async function bagDivision({ run, sets }: OpenedRetriever): Promise<{
  divide: (query: string, document: number, score: number) => Explanation;
  close: () => void;
} | null> {
  const { config, encoder } = await openEncoder(run.dir);
  const { query, document: documentSide } = bagSides(encoder);
  if (query === null) {
    encoder.dispose();
    return null;
  }
  const vectorizer = createVectorizer(config);
  const spec = encoderSpec(config);
  const feature = config.dataset.document_features.find(({ name }) => name === spec.documentTextFeature);
  const columns = feature ? sourceColumns({ from: undefined, ...feature }) : [];
  const { features } = await loadExperiment(config, {}, { training: false });
  const { items } = sets[0]!.pool;
  const embedded = (item: Row) => encodeAll(encoder, features.documentFeatures.encode([item]), "document");
  const textOf = (item: Row) =>
    columns
      .map((column) => ownEntry(item, column) ?? "")
      .filter((value) => value !== "")
      .join(" ");
  const pair = {
    vectorizer,
    query: query,
    document: documentSide,
    similarity: config.recall_validation.similarity,
  };
  return {
    divide: (text, document, score) => {
      const item = items[document]!;
      const known = documentSide === null ? embedded(item) : vectorizer.cleaning.clean(textOf(item));
      return explainBags(pair, vectorizer.cleaning.clean(text), known, score);
    },
    close: () => encoder.dispose(),
  };
}
