import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { PairSet } from "../../experiment/pairs.js";
import type { BatchNegativesConfig } from "../../experiment/sections/negatives.js";
import type { FeatureBatch } from "../../features/batch.js";
import { encodingOf } from "../../features/token-column.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import type { KnownPositives } from "../../losses/candidate-mask.js";
import { type CandidateRankings, type MiningVerdicts, selectMined } from "../../negatives/hard-negatives.js";
import { exactSearch } from "../../retrieval/indexes/exact-search.js";
import { Bm25Index } from "../../retrieval/lexical/bm25.js";

type HardSource = Extract<BatchNegativesConfig["add"][number], { type: "hard" }>;

/**
 * Hard negatives of every distinct training query among the distinct training documents: the best ranked by BM25 over
 * their tokens or by the encoder as it stands (cosine), filtered as the source says.
 *
 * @returns mined [Q, rank_to − rank_from + 1], −1 where there are fewer; queriesWithout: queries left with none
 */
export function mineNegatives(
  source: HardSource,
  pairs: PairSet,
  positives: KnownPositives,
  encoder: Encoder,
): { mined: Int32Array; queriesWithout: number } {
  const rules = { rankFrom: source.rank_from, rankTo: source.rank_to, margin: source.margin };
  const depth = Math.min(source.rank_to, pairs.documents.size);
  const { rankings, positiveScores } =
    source.from === "bm25"
      ? { rankings: bm25Rankings(pairs, depth), positiveScores: undefined }
      : modelRankings(pairs, depth, encoder, positives);
  const mined = selectMined(rankings, rules, positives, positiveScores, verdictsFor(source, pairs));
  const width = source.rank_to - source.rank_from + 1;
  let queriesWithout = 0;
  for (let q = 0; q < pairs.queries.size; q++) if (mined[q * width] === -1) queriesWithout++;
  if (queriesWithout === pairs.queries.size)
    throw new UserError(
      `negatives.add: hard negatives must be found for some query in ranks ${source.rank_from} to ${source.rank_to}, got none`,
    );
  return { mined, queriesWithout };
}

function verdictsFor({ exclude, unjudged }: HardSource, { verdicts }: PairSet): MiningVerdicts {
  const suspects = exclude === null ? undefined : ownEntry(verdicts?.suspects ?? {}, exclude);
  if (exclude !== null && suspects === undefined)
    throw new UserError(
      `negatives.add: exclude must be null where pairs are not read from a configuration's data set, got ${exclude}`,
    );
  return {
    notRelevant: (query) => verdicts?.notRelevant.get(query),
    suspects: (query) => suspects?.get(query),
    unjudged,
  };
}

function modelRankings(
  pairs: PairSet,
  depth: number,
  encoder: Encoder,
  positives: KnownPositives,
): { rankings: CandidateRankings; positiveScores: Float32Array } {
  const dim = encoder.outputDim;
  const documents = encodeAll(encoder, pairs.documents, "document");
  const queries = encodeAll(encoder, pairs.queries, "query");
  const { ids, scores } = exactSearch({ documents, dim, queries, k: depth, metric: "cosine" });
  const positiveScores = new Float32Array(pairs.queries.size).fill(-1);
  for (let q = 0; q < pairs.queries.size; q++)
    for (const document of positives(q) ?? [])
      positiveScores[q] = Math.max(
        positiveScores[q]!,
        cosine(
          queries.subarray(q * dim, (q + 1) * dim),
          documents.subarray(document * dim, (document + 1) * dim),
        ),
      );
  return { rankings: { ids, scores, depth }, positiveScores };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, first, second] = [0, 0, 0];
  for (let d = 0; d < a.length; d++) {
    product += a[d]! * b[d]!;
    first += a[d]! ** 2;
    second += b[d]! ** 2;
  }
  return product / Math.max(1e-12, Math.sqrt(first * second));
}

function bm25Rankings(pairs: PairSet, depth: number): CandidateRankings {
  const index = Bm25Index.build(tokensOf("documents", pairs.documents));
  const ids = new Int32Array(pairs.queries.size * depth).fill(-1);
  const scores = new Float32Array(ids.length).fill(-Infinity);
  tokensOf("queries", pairs.queries).forEach((tokens, q) => {
    const found = index.search(tokens, depth);
    ids.set(found.ids, q * depth);
    scores.set(found.scores, q * depth);
  });
  return { ids, scores, depth };
}

/** The token ids of every text feature, as words; of word-pieces without the special ones at both ends. */
function tokensOf(side: string, batch: FeatureBatch): string[][] {
  const texts = Object.values(batch.columns).flatMap((column) =>
    column.kind === "text" || column.kind === "tokens" ? [column] : [],
  );
  if (texts.length === 0)
    throw new UserError(`negatives.add: BM25 needs a text feature of ${side}, got none; mine from the model`);
  return Array.from({ length: batch.size }, (_, row) =>
    texts.flatMap((column) => {
      const ids =
        column.kind === "tokens"
          ? encodingOf(column, row).ids.slice(1, -1)
          : column.ids.subarray(row * column.length, (row + 1) * column.length);
      return Array.from(ids)
        .filter((id) => id !== 0)
        .map(String);
    }),
  );
}
