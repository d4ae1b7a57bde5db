import { Bm25Index } from "../../../retrieval/lexical/bm25.js";
import { systemFor } from "../answering-system.js";
import {
  type DataExamination,
  type DataFinding,
  type DoctorSettings,
  mendCommand,
  type QueuedPair,
  shown,
} from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import { HashTable } from "../hash-table.js";
import type { PairCensus } from "../pair-census.js";
import { tokensOf, WordCoverage } from "../word-coverage.js";

/** Queries that are examined, evenly over the training part; all of fewer. */
const MOST_QUERIES = 40_000;
/** Documents of a query that the system gives; a labelled document beyond scores 0. */
const DEPTH = 100;
/** Training queries that are asked for neighbours, evenly over all; all of fewer. */
const MOST_VOTERS = 100_000;
/** Neighbouring queries that vote. */
const NEIGHBOURS = 20;
/** Best documents by the system that can be suspected false negatives. */
const CANDIDATES = 10;

/** A suspicion, in numbers of the census. */
export interface Suspicion {
  query: number;
  document: number;
  /** whose label it is: a held-out part, or training */
  part: number;
  score: number;
  model: number;
  neighbours: number;
  words: number;
}

export interface Suspicions {
  falseNegatives: Suspicion[];
  wrongPositives: Suspicion[];
  /** labelled pairs that were examined */
  pairs: { training: number; heldOut: number };
  system: string;
}

/** Labels of a query in one part. */
interface LabelledQuery {
  query: number;
  part: number;
  /** relevant documents: content's number → one document that has it */
  relevant: Map<number, number>;
  irrelevant: Set<number>;
}

/**
 * Three views of whether d answers q, each in [0, 1]:
 *
 *   model       m(q, d) = 1 / log₂(1 + rank of d for q), 0 beyond the first 100
 *   neighbours  v(q, d) = Σ w(q, q′) [d ∈ R(q′)] / Σ w(q, q′)  over the 20 nearest other training queries q′ by BM25, w their scores
 *   words       c(q, d): the share of q's words that d is known by, see {@link WordCoverage}
 *
 * R(q) are the documents labelled relevant. With the belief b = (m + v + c) / 3, a labelled pair is suspected to be wrong by how
 * much more another document is believed in,
 *
 *   max over d′ ≠ d of b(q, d′) − b(q, d), at least 0,
 *
 * so that a query of which nothing is known is no suspect. An unjudged pair is suspected to be missing by x / (1 + x),
 *
 *   x = |R(q)| (v + (m + c) / 10):
 *
 * queries with many labels lack most. Candidates are the first ten of the system and of BM25 over texts and training queries, and
 * what neighbours have. Held-out queries are looked at too, by what training queries say of them.
 *
 * @returns both lists, the worst first
 * @see Northcutt, Jiang & Chuang 2021, doi:10.1613/jair.1.12125, for labels that a model speaks against
 */
export async function suspectPairs(
  census: PairCensus,
  settings: Pick<DoctorSettings, "run" | "listener">,
): Promise<Suspicions> {
  const labelled = labelledQueries(census).filter(({ query }) => census.queries.text(query) !== null);
  const asked = evenly(labelled, MOST_QUERIES);
  const system = await systemFor(census, settings.run, settings.listener);
  const contents = Array.from(system.documents, (document) =>
    document === -1 ? null : census.documentGroup(document),
  );
  const found = new Set(contents);
  const trained = labelled.filter(({ part }) => part === census.training);
  const voters = evenly(trained, MOST_VOTERS);
  const textOf = (query: number) => census.queries.text(query)!;
  const index =
    voters.length === 0 ? null : Bm25Index.build(voters.map(({ query }) => tokensOf(textOf(query))));
  const known = knownBy(census, system.documents, contents, voters);
  const falseNegatives: Suspicion[] = [];
  const wrongPositives: Suspicion[] = [];
  const pairs = { training: 0, heldOut: 0 };
  for (let from = 0; from < asked.length; from += BLOCK) {
    const block = asked.slice(from, from + BLOCK);
    const ranked = await system.answer(
      block.map(({ query }) => census.queries.text(query)!),
      DEPTH,
    );
    block.forEach(({ query, part, relevant, irrelevant }, i) => {
      // content's number → what the system, or the neighbours, say, and a document that has the content
      const model = new Map<number, { score: number; document: number }>();
      const votes = new Map<number, { score: number; document: number }>();
      let rank = 0;
      for (let at = 0; at < ranked[i]!.ids.length; at++) {
        const place = ranked[i]!.ids[at]!;
        const content = place < 0 ? null : contents[place]!;
        if (content === null) continue;
        rank++;
        if (!model.has(content))
          model.set(content, { score: 1 / Math.log2(1 + rank), document: system.documents[place]! });
      }
      let weight = 0;
      const near = index?.search(tokensOf(textOf(query)), NEIGHBOURS + 1);
      near?.ids.forEach((place, at) => {
        const other = voters[place]!;
        if (census.queryGroup(other.query) === census.queryGroup(query)) return;
        weight += near.scores[at]!;
        for (const [content, document] of other.relevant)
          votes.set(content, { score: (votes.get(content)?.score ?? 0) + near.scores[at]!, document });
      });
      const believed = (content: number, document: number, isLabelled: boolean): Suspicion => {
        const m = model.get(content)?.score ?? 0;
        const v = weight === 0 ? 0 : (votes.get(content)?.score ?? 0) / weight;
        const c = known.coverage.of(textOf(query), known.placeOf.get(content)!, isLabelled);
        return { query, document, part, score: (m + v + c) / 3, model: m, neighbours: v, words: c };
      };
      const candidates = new Map<number, number>();
      for (const [content, { document }] of [...model].slice(0, CANDIDATES))
        candidates.set(content, document);
      for (const [content, { document }] of votes) candidates.set(content, document);
      for (const place of known.index.search(tokensOf(textOf(query)), CANDIDATES).ids)
        candidates.set(contents[known.places[place]!]!, system.documents[known.places[place]!]!);
      const own = [...relevant].filter(([content]) => found.has(content));
      pairs[part === census.training ? "training" : "heldOut"] += relevant.size;
      const labels = own.map(([content, document]) => believed(content, document, part === census.training));
      const others = [...candidates]
        .filter(([content]) => !relevant.has(content) && found.has(content))
        .map(([content, document]) => ({ content, ...believed(content, document, false) }));
      const [best = null, second = null] = [...labels, ...others].sort((x, y) => y.score - x.score);
      for (const one of labels) {
        const other = one === best ? second : best;
        wrongPositives.push({ ...one, score: Math.max(0, (other?.score ?? 0) - one.score) });
      }
      for (const { content, ...one } of others) {
        if (irrelevant.has(content)) continue;
        const x = relevant.size * (one.neighbours + (one.model + one.words) / 10);
        if (x >= LEAST) falseNegatives.push({ ...one, score: x / (1 + x) });
      }
    });
    settings.listener.progress?.({
      task: "suspects",
      done: Math.min(asked.length, from + BLOCK),
      total: asked.length,
      unit: "queries",
    });
  }
  const worst = (a: Suspicion, b: Suspicion) =>
    b.score - a.score || a.query - b.query || a.document - b.document;
  return {
    falseNegatives: falseNegatives.sort(worst),
    wrongPositives: wrongPositives.sort(worst),
    pairs,
    system: system.name,
  };
}

function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);
}

/** What documents are known by, in the order of different contents. */
function knownBy(
  census: PairCensus,
  documents: Int32Array,
  contents: readonly (number | null)[],
  voters: readonly LabelledQuery[],
) {
  const placeOf = new Map<number, number>();
  const places: number[] = [];
  contents.forEach((content, at) => {
    if (content === null || placeOf.has(content)) return;
    placeOf.set(content, places.length);
    places.push(at);
  });
  const texts = places.map((at) => census.documents.text(documents[at]!) ?? "");
  const answers = voters.map(({ query, relevant }) => ({
    text: census.queries.text(query)!,
    documents: [...relevant.keys()].flatMap((content) => placeOf.get(content) ?? []),
  }));
  const asked = texts.map(() => [] as string[]);
  for (const { text, documents: own } of answers) for (const place of own) asked[place]!.push(text);
  const index = Bm25Index.build(
    texts.map((text, i) => tokensOf(`${text.slice(0, 20_000)} ${asked[i]!.join(" ")}`)),
  );
  return { coverage: new WordCoverage(texts, answers), index, placeOf, places };
}

/** Queries asked at a time. */
const BLOCK = 1024;
/** x of a candidate that is worth listing: a score of a fifth. */
const LEAST = 0.25;

/**
 * Each query with its labels, once for every part that it is in. Of many queries of the training part, every so many-th, so that
 * memory is bounded.
 */
function labelledQueries(census: PairCensus): LabelledQuery[] {
  const byPart = census.parts.map(() => new Map<number, LabelledQuery>());
  const every = Math.ceil(census.queries.size / (2 * MOST_VOTERS));
  for (let row = 0; row < census.rows; row++) {
    const part = census.pairs.part.at(row);
    const query = census.pairs.query.at(row);
    if (part === census.training && query % every !== 0) continue;
    const document = census.pairs.document.at(row);
    let own = byPart[part]!.get(query);
    if (own === undefined) {
      own = { query, part, relevant: new Map(), irrelevant: new Set() };
      byPart[part]!.set(query, own);
    }
    if (census.isRelevant(row)) own.relevant.set(census.documentGroup(document), document);
    else own.irrelevant.add(census.documentGroup(document));
  }
  return byPart.flatMap((queries) => [...queries.values()]);
}

/** Labels that the rest of the data speaks against, ranked, as a queue for `qdrl judge`. */
export const suspects: DataExamination = {
  name: "suspects",
  about:
    "labels that a model and neighbouring queries speak against: suspected false negatives and wrong positives, ranked",
  begin: (settings, source) => ({
    async finish(census) {
      if (census.rows === 0 || !census.keepsTexts) return [];
      const { falseNegatives, wrongPositives, pairs, system } = await suspectPairs(census, settings);
      const queued = (list: readonly Suspicion[], reason: QueuedPair["reason"]): QueuedPair[] =>
        list
          .slice(0, settings.suspects)
          .map(({ query, document, part, score, model, neighbours, words }) => ({
            reason,
            query: census.queries.text(query)!,
            query_id: part === census.training ? null : census.queryId(query),
            document: census.documents.id(document) ?? "",
            text: census.documents.text(document) ?? "",
            score: Number(score.toFixed(4)),
            model: Number(model.toFixed(4)),
            neighbours: Number(neighbours.toFixed(4)),
            words: Number(words.toFixed(4)),
            part: census.parts[part]!,
          }));
      const finding = (
        name: "wrong" | "missing",
        what: string,
        all: readonly Suspicion[],
        reason: QueuedPair["reason"],
        cost: string,
        threshold: number,
        commands: (isTraining: boolean) => string,
      ): DataFinding[] =>
        [true, false].flatMap((isTraining): DataFinding[] => {
          const own = all.filter(({ part }) => (part === census.training) === isTraining);
          if (own.length === 0) return [];
          const count = own.findIndex(({ score }) => score < threshold);
          const suspected = count === -1 ? own.length : count;
          const parts = [...new Set(own.map(({ part }) => part))];
          const queue = parts.flatMap((number) =>
            queued(
              own.filter(({ part }) => part === number),
              reason,
            ),
          );
          return [
            {
              check: "suspects",
              name: `suspects:${name}${isTraining ? "" : "-held-out"}`,
              what: `${isTraining ? "training" : "held-out"} ${what} (score ≥ ${threshold})`,
              outcome: suspected === 0 ? "ok" : "look",
              count: suspected,
              of: isTraining ? pairs.training : pairs.heldOut,
              unit: "labelled pairs",
              examples: queue
                .slice(0, settings.examples)
                .map(
                  ({ query, text, score }) => `${score.toFixed(2)} ${shown(query, 40)} → ${shown(text, 50)}`,
                ),
              cost: suspected === 0 ? null : cost,
              mend: {
                says: isTraining
                  ? `${name === "wrong" ? "train without" : "train with"} the pairs whose score is at least --${name}, which validation should choose`
                  : "judge them, the worst first",
                command: commands(isTraining),
              },
              queue,
              ...(isTraining && name === "wrong" && { drop: rowsOf(census, own.slice(0, suspected)) }),
              ...(isTraining &&
                name === "missing" && {
                  add: own.slice(0, suspected).map(({ query, document }) => ({
                    query: census.queries.text(query)!,
                    document: census.documents.id(document) ?? "",
                  })),
                }),
            },
          ];
        });
      const run = settings.run === null ? "" : ` --run ${settings.run}`;
      const judge = `qdrl data doctor ${settings.dataset}${run} --only suspects --queue suspects.jsonl && qdrl judge${settings.run === null ? ` --dataset ${source.dataset ?? "DIR"}` : ` ${settings.run}`} --queue suspects.jsonl`;
      const mend = (name: "wrong" | "missing") =>
        `${mendCommand(settings, `suspects:${name}`)}${run} --${name} ${settings[name]}`;
      return [
        ...finding(
          "missing",
          `pairs without a label that neighbours, words and ${system} take for relevant`,
          falseNegatives,
          "suspected false negative",
          "as negatives they teach the opposite; in evaluation a right answer counts as wrong",
          settings.missing,
          (isTraining) => (isTraining ? mend("missing") : judge),
        ),
        ...finding(
          "wrong",
          `labelled pairs less believed in than another document of the query, by neighbours, words and ${system}`,
          wrongPositives,
          "suspected wrong positive",
          "each pulls a query towards a document that does not answer it",
          settings.wrong,
          (isTraining) => (isTraining ? mend("wrong") : judge),
        ),
      ];
    },
  }),
};

/** Training rows of some pairs, copies of a document included. */
function rowsOf(census: PairCensus, pairs: readonly Suspicion[]): Int32Array {
  const wanted = new HashTable();
  for (const { query, document } of pairs) wanted.addHash(query, census.documentGroup(document));
  const rows = new GrowingArray(Int32Array);
  if (pairs.length > 0)
    for (let row = census.firstTraining; row < census.rows; row++)
      if (
        wanted.findHash(census.pairs.query.at(row), census.documentGroup(census.pairs.document.at(row))) !==
        -1
      )
        rows.push(row - census.firstTraining);
  return rows.whole();
}
