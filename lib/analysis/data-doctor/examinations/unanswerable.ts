import { unicodeTokens } from "../../../tokenizer/unicode-words.js";
import { type DataExamination, type DataFinding, shown } from "../finding.js";
import { type PairCensus, POOL } from "../pair-census.js";

/** Hashed words of documents and training queries that are known: one bit each, so that a rare word may pass for known. */
const BITS = 2 ** 27;

/**
 * Held-out queries that no system can answer: without a relevant document; whose relevant documents are not in the pool, or have
 * no text; and those of which no word, and no four letters in a row, are in any document or training query.
 */
export const unanswerable: DataExamination = {
  name: "unanswerable",
  about:
    "held-out queries without a relevant document in the pool, and those with no known word or part of a word",
  begin(settings) {
    const known = new Uint8Array(BITS / 8);
    const heldOut: [number, string][] = [];
    const learn = (text: string) => {
      for (const gram of gramsOf(text)) known[(gram & (BITS - 1)) >>> 3]! |= 1 << (gram & 7);
    };
    return {
      text(text, side, index, part) {
        if (settings.heldOut === 0) return;
        if (side === "query" && part >= 0 && part < settings.heldOut) heldOut.push([index, text]);
        else learn(side === "document" && text.length > 20_000 ? text.slice(0, 20_000) : text);
      },
      finish(census) {
        const asked = askedQueries(census);
        if (asked.size === 0) return [];
        const relevant = new Map<number, { found: number; missing: number; empty: number }>();
        for (let row = 0; row < census.firstTraining; row++) {
          if (!census.isRelevant(row)) continue;
          const query = census.pairs.query.at(row);
          const document = census.pairs.document.at(row);
          const counts = relevant.get(query) ?? { found: 0, missing: 0, empty: 0 };
          relevant.set(query, counts);
          if (census.hasPool && (census.documents.parts.at(document) & POOL) === 0) counts.missing++;
          else if (census.documents.keyOf.at(document) !== -1 && census.documents.text(document) === "")
            counts.empty++;
          else counts.found++;
        }
        const strange = new Set(
          heldOut
            .filter(
              ([, text]) =>
                !gramsOf(text).some((gram) => (known[(gram & (BITS - 1)) >>> 3]! & (1 << (gram & 7))) !== 0),
            )
            .map(([index]) => index),
        );
        const none = [...asked].filter((query) => !relevant.has(query));
        const missing = [...relevant]
          .filter(([, { found, missing }]) => found === 0 && missing > 0)
          .map(([query]) => query);
        const empty = [...relevant]
          .filter(([, counts]) => counts.found === 0 && counts.missing === 0)
          .map(([query]) => query);
        const unknown = [...asked].filter(
          (query) => relevant.has(query) && strange.has(query) && census.queries.text(query) !== "",
        );
        const partly = [...relevant]
          .filter(([, { found, missing }]) => found > 0 && missing > 0)
          .map(([query]) => query);
        const finding = (
          what: string,
          list: readonly number[],
          outcome: "look" | "wrong",
          cost: string,
          says: string,
        ): DataFinding => ({
          check: "unanswerable",
          what,
          outcome: list.length === 0 ? "ok" : outcome,
          count: list.length,
          of: asked.size,
          unit: "held-out queries",
          examples: list.slice(0, settings.examples).map((query) => shown(census.queries.text(query) ?? "")),
          cost: list.length === 0 ? null : cost,
          mend: list.length === 0 ? null : { says },
        });
        return [
          finding(
            "held-out queries without a relevant document",
            none,
            "look",
            "they are left out of every mean: figures are of the others",
            "judge them: qdrl judge RUN_A RUN_B",
          ),
          finding(
            "held-out queries whose relevant documents are all missing from the pool",
            missing,
            "wrong",
            "no system can score above 0; evaluation leaves them out",
            "put the documents into the pool (import again with all documents), or take the queries out",
          ),
          finding(
            "held-out queries of whose relevant documents some are missing from the pool",
            partly,
            "look",
            "evaluation counts those that are there",
            "put the documents into the pool",
          ),
          finding(
            "held-out queries whose relevant documents have no text",
            empty,
            "wrong",
            "found by chance alone",
            "name a column that has text: --column text=NAME",
          ),
          finding(
            "held-out queries of which no word and no four letters in a row are in any document or training query",
            unknown,
            "look",
            "nothing that was trained or indexed meets them",
            "give the encoder more to read: synthesised queries (qdrl synthesize), or document columns that say it",
          ),
        ].filter((one, i) => i === 0 || one.count > 0);
      },
    };
  },
};

function askedQueries(census: PairCensus): Set<number> {
  const asked = new Set(census.heldOut.map(({ query }) => query));
  for (let row = 0; row < census.firstTraining; row++) asked.add(census.pairs.query.at(row));
  return asked;
}

/** Hashes of words, and of four letters in a row of longer ones; of scripts without spaces, of characters and pairs. */
function gramsOf(text: string): number[] {
  const grams: number[] = [];
  const lower = text.toLowerCase();
  if (!/^[\x00-\x7f]*$/.test(lower)) {
    for (const word of unicodeTokens(lower)) addGrams(grams, word, 0, word.length);
    return grams;
  }
  let from = -1;
  for (let i = 0; i <= lower.length; i++) {
    const unit = i === lower.length ? 0 : lower.charCodeAt(i);
    const isWord = (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57);
    if (isWord && from === -1) from = i;
    if (!isWord && from !== -1) {
      addGrams(grams, lower, from, i);
      from = -1;
    }
  }
  return grams;
}

function addGrams(grams: number[], text: string, from: number, to: number): void {
  let whole = 0x811c9dc5;
  for (let i = from; i < to; i++) whole = Math.imul(whole ^ text.charCodeAt(i), 0x01000193);
  grams.push((whole ^ (whole >>> 15)) >>> 0);
  for (let i = from; i + 4 <= to; i++) {
    let gram = 0x9e3779b1;
    for (let j = i; j < i + 4; j++) gram = Math.imul(gram ^ text.charCodeAt(j), 0x85ebca6b);
    grams.push((gram ^ (gram >>> 13)) >>> 0);
  }
}
