import { Bm25Index } from "../../retrieval/lexical/bm25.js";
import { unicodeTokens } from "../../tokenizer/unicode-words.js";
import { systemFor } from "./answering-system.js";
import {
  type DataExamination,
  type DataFinding,
  type DoctorSettings,
  type QueuedPair,
  shown,
} from "./finding.js";
import type { PairCensus } from "./pair-census.js";

/** Queries that are examined, evenly over the training part; all of fewer. */
const MOST_QUERIES = 30_000;
/** Documents of a query that the system gives; a labelled document beyond scores 0. */
const DEPTH = 100;
/** Neighbouring queries that vote. */
const NEIGHBOURS = 20;
/** Best documents by the system that can be suspected false negatives. */
const CANDIDATES = 10;

/** A suspicion, in numbers of the census. */
export interface Suspicion {
  query: number;
  document: number;
  score: number;
  model: number;
  neighbours: number;
}

/**
 * How much the system and the neighbours believe that d answers q, each in [0, 1]:
 *
 *   model       m(q, d) = 1 / log₂(1 + rank of d for q), 0 beyond the first 100
 *   neighbours  v(q, d) = Σ w(q, q′) [d ∈ R(q′)] / Σ w(q, q′)  over the 20 nearest other queries q′ by BM25, w their scores
 *   belief      b = (m + v) / 2
 *
 * R(q′) are the labels of the training part. A document that is labelled for q and little believed in (score 1 − b) is a
 * suspected wrong positive; one that is not, though it is among the first ten or a neighbour has it, a suspected false
 * negative (score b).
 */
export async function suspectPairs(
  census: PairCensus,
  settings: Pick<DoctorSettings, "run" | "listener">,
): Promise<{ falseNegatives: Suspicion[]; wrongPositives: Suspicion[]; pairs: number; system: string }> {
  const labels = trainingLabels(census);
  const queries = [...labels.keys()].filter((query) => census.queries.text(query) !== null);
  const step = Math.max(1, queries.length / MOST_QUERIES);
  const asked = Array.from(
    { length: Math.min(queries.length, MOST_QUERIES) },
    (_, i) => queries[Math.floor(i * step)]!,
  );
  const system = await systemFor(census, settings.run, settings.listener);
  const found = new Set(
    Array.from(system.documents, (document) => (document === -1 ? -1 : census.documentGroup(document))),
  );
  const tokens = queries.map((query) => unicodeTokens(census.queries.text(query)!.toLowerCase()));
  const index = Bm25Index.build(tokens);
  const placeOf = new Map(queries.map((query, place) => [query, place]));
  const falseNegatives: Suspicion[] = [];
  const wrongPositives: Suspicion[] = [];
  let pairs = 0;
  const BLOCK = 1024;
  for (let from = 0; from < asked.length; from += BLOCK) {
    const block = asked.slice(from, from + BLOCK);
    const ranked = await system.answer(
      block.map((query) => census.queries.text(query)!),
      DEPTH,
    );
    block.forEach((query, i) => {
      const own = labels.get(query)!;
      const model = new Map<number, { score: number; document: number }>();
      let rank = 0;
      for (let at = 0; at < ranked[i]!.ids.length; at++) {
        const place = ranked[i]!.ids[at]!;
        const document = place < 0 ? -1 : system.documents[place]!;
        if (document === -1) continue;
        rank++;
        const group = census.documentGroup(document);
        if (!model.has(group)) model.set(group, { score: 1 / Math.log2(1 + rank), document });
      }
      const votes = new Map<number, { score: number; document: number }>();
      let weight = 0;
      const near = index.search(tokens[placeOf.get(query)!]!, NEIGHBOURS + 1);
      near.ids.forEach((place, at) => {
        const other = queries[place]!;
        if (census.queryGroup(other) === census.queryGroup(query)) return;
        weight += near.scores[at]!;
        for (const [group, document] of labels.get(other)!) {
          const before = votes.get(group)?.score ?? 0;
          votes.set(group, { score: before + near.scores[at]!, document });
        }
      });
      const suspicion = (group: number, document: number): Suspicion => {
        const m = model.get(group)?.score ?? 0;
        const v = weight === 0 ? 0 : (votes.get(group)?.score ?? 0) / weight;
        return { query, document, score: (m + v) / 2, model: m, neighbours: v };
      };
      for (const [group, document] of own) {
        pairs++;
        if (!found.has(group)) continue;
        const one = suspicion(group, document);
        wrongPositives.push({ ...one, score: 1 - one.score });
      }
      const candidates = new Map<number, number>();
      for (const [group, { document }] of [...model].slice(0, CANDIDATES)) candidates.set(group, document);
      for (const [group, { document }] of votes) candidates.set(group, document);
      for (const [group, document] of candidates)
        if (!own.has(group) && found.has(group)) {
          const one = suspicion(group, document);
          if (one.score >= LEAST) falseNegatives.push(one);
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

/** Less believed in than this a document is not worth a judge's time. */
const LEAST = 0.2;

/** Relevant documents of each training query: content's number → one document that has it. */
function trainingLabels(census: PairCensus): Map<number, Map<number, number>> {
  const labels = new Map<number, Map<number, number>>();
  for (let row = census.firstTraining; row < census.rows; row++) {
    if (!census.isRelevant(row)) continue;
    const query = census.pairs.query.at(row);
    const document = census.pairs.document.at(row);
    const own = labels.get(query);
    if (own === undefined) labels.set(query, new Map([[census.documentGroup(document), document]]));
    else own.set(census.documentGroup(document), document);
  }
  return labels;
}

/** Labels that the rest of the data speaks against, ranked, as a queue for `qdrl judge`. */
export const suspects: DataExamination = {
  name: "suspects",
  about:
    "labels that a model and neighbouring queries speak against: suspected false negatives and wrong positives, ranked",
  begin: (settings) => ({
    async finish(census) {
      if (census.trainingRows === 0 || !census.keepsTexts) return [];
      const { falseNegatives, wrongPositives, pairs, system } = await suspectPairs(census, settings);
      const queued = (list: readonly Suspicion[], reason: QueuedPair["reason"]): QueuedPair[] =>
        list.slice(0, settings.suspects).map(({ query, document, score, model, neighbours }) => ({
          reason,
          query: census.queries.text(query)!,
          query_id: census.queryId(query),
          document: census.documents.id(document) ?? "",
          text: census.documents.text(document) ?? "",
          score: Number(score.toFixed(4)),
          model: Number(model.toFixed(4)),
          neighbours: Number(neighbours.toFixed(4)),
          part: "training",
        }));
      const line = ({ query, text, score }: QueuedPair) =>
        `${score.toFixed(2)} ${shown(query, 40)} → ${shown(text, 50)}`;
      const missing = falseNegatives.filter(({ score }) => score >= settings.threshold);
      const wrong = wrongPositives.filter(({ score }) => score >= settings.threshold);
      const finding = (
        name: string,
        what: string,
        list: readonly Suspicion[],
        all: readonly Suspicion[],
        reason: QueuedPair["reason"],
        cost: string,
      ): DataFinding => {
        const queue = queued(all, reason);
        return {
          check: "suspects",
          name: `suspects:${name}`,
          what,
          outcome: list.length === 0 ? "ok" : "look",
          count: list.length,
          of: pairs,
          unit: "labelled pairs",
          examples: queue.slice(0, settings.examples).map(line),
          cost: list.length === 0 ? null : cost,
          mend:
            queue.length === 0
              ? null
              : {
                  says: "judge them, the worst first; or train without what is at least as suspect as --threshold says",
                  command: `qdrl data doctor ${settings.dataset}${settings.run === null ? "" : ` --run ${settings.run}`} --only suspects --queue suspects.jsonl && qdrl judge ${settings.run ?? "RUN"} --queue suspects.jsonl`,
                },
          queue,
        };
      };
      const wrongSet = new Set(
        wrong.map(({ query, document }) => `${query} ${census.documentGroup(document)}`),
      );
      const rows: number[] = [];
      if (wrongSet.size > 0)
        for (let row = census.firstTraining; row < census.rows; row++)
          if (
            wrongSet.has(
              `${census.pairs.query.at(row)} ${census.documentGroup(census.pairs.document.at(row))}`,
            )
          )
            rows.push(row - census.firstTraining);
      return [
        finding(
          "missing",
          `unlabelled pairs that ${system} and neighbours take for relevant (score ≥ ${settings.threshold})`,
          missing,
          falseNegatives,
          "suspected false negative",
          "as negatives they teach the opposite; in evaluation a right answer counts as wrong",
        ),
        {
          ...finding(
            "wrong",
            `labelled pairs that neither ${system} nor neighbours believe in (score ≥ ${settings.threshold})`,
            wrong,
            wrongPositives,
            "suspected wrong positive",
            "each pulls a query towards a document that does not answer it",
          ),
          drop: Int32Array.from(rows),
        },
      ];
    },
  }),
};
