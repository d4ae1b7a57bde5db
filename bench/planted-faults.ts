import type { Suspicion } from "../lib/analysis/data-doctor/examinations/suspects.js";
import type { DataFinding } from "../lib/analysis/data-doctor/finding.js";
import type { PairCensus } from "../lib/analysis/data-doctor/pair-census.js";
import type { Random } from "../lib/engine/random/random.js";

/** A training pair by the query's text and the document's name in the census. */
export type Pair = readonly [query: string, document: string];

/** What is changed in the training part so that it has faults, each a share of the rows. */
export interface PlantedFaults {
  /** rows that go: removed positives and those whose label was swapped */
  removed: Set<number>;
  /** rows that come, by kind */
  leaks: { exact: Pair[]; normalised: Pair[]; near: Pair[] };
  duplicates: Pair[];
  swapped: Pair[];
  /** pairs that were relevant and are not labelled any more */
  missing: Pair[];
}

/**
 * Plants faults: `share` of the held-out queries, with an answer of theirs, become training rows (a third as they are, a third in other
 * case and punctuation, a third with words in another order and a plural); `share` of the training rows come again, half of them in
 * other case; of `share` the documents are swapped with one another; `share` lose their label, where the query keeps another one.
 */
export function plantFaults(census: PairCensus, share: number, random: Random): PlantedFaults {
  const { pairs } = census;
  const pairAt = (row: number): Pair => [
    census.queries.text(pairs.query.at(row))!,
    census.documents.id(pairs.document.at(row))!,
  ];
  const training: number[] = [];
  const relevantOf = new Map<number, number>();
  for (let row = census.firstTraining; row < census.rows; row++) {
    if (!census.isRelevant(row)) continue;
    training.push(row);
    relevantOf.set(pairs.query.at(row), (relevantOf.get(pairs.query.at(row)) ?? 0) + 1);
  }
  const answers = new Map<number, number>();
  for (let row = 0; row < census.firstTraining; row++)
    if (census.isRelevant(row) && !answers.has(pairs.query.at(row))) answers.set(pairs.query.at(row), row);
  const trained = new Set(training.map((row) => census.queryGroup(pairs.query.at(row))));
  const clean = [...answers].filter(([query]) => !trained.has(census.queryGroup(query)));
  const held = random.shuffle(clean).slice(0, Math.round(share * answers.size));
  const leaks: PlantedFaults["leaks"] = { exact: [], normalised: [], near: [] };
  held.forEach(([, row], i) => {
    const [query, document] = pairAt(row);
    if (i % 3 === 0) leaks.exact.push([query, document]);
    else if (i % 3 === 1) leaks.normalised.push([`${query.toUpperCase()} !`, document]);
    else leaks.near.push([nearlyThe(query), document]);
  });
  const count = Math.round(share * training.length);
  const order = random.shuffle([...training]);
  const duplicates = order
    .slice(0, count)
    .map(pairAt)
    .map(([query, document], i): Pair => [i % 2 === 0 ? query : ` ${query.toUpperCase()}`, document]);
  const rest = order.slice(count);
  const removed = new Set<number>();
  const missing: Pair[] = [];
  for (const row of rest) {
    if (missing.length === count) break;
    const query = pairs.query.at(row);
    if (relevantOf.get(query)! < 2) continue;
    relevantOf.set(query, relevantOf.get(query)! - 1);
    removed.add(row - census.firstTraining);
    missing.push(pairAt(row));
  }
  const free = rest.filter((row) => !removed.has(row - census.firstTraining)).slice(0, count);
  const swapped = free.map((row, i): Pair => {
    removed.add(row - census.firstTraining);
    return [pairAt(row)[0], pairAt(free[(i + 1) % free.length]!)[1]];
  });
  return { removed, leaks, duplicates, swapped, missing };
}

/** Words in the reverse order, the last one a plural: a near-duplicate by words' trigrams where the query is long enough. */
function nearlyThe(query: string): string {
  return `${query.split(" ").reverse().join(" ")}s`;
}

export interface Score {
  planted: number;
  found: number;
  right: number;
  precision: number;
  recall: number;
}

export function scoreOf(planted: ReadonlySet<string>, found: readonly string[]): Score {
  const right = found.filter((key) => planted.has(key)).length;
  return {
    planted: planted.size,
    found: found.length,
    right,
    precision: right / Math.max(1, found.length),
    recall: right / Math.max(1, planted.size),
  };
}

/** Of a ranked list, as many as were planted: precision and recall are one number then. */
export function scoreAtPlanted(planted: ReadonlySet<string>, ranked: readonly string[]): Score {
  return scoreOf(planted, ranked.slice(0, planted.size));
}

export const keyOf = ([query, document]: Pair) => `${query.trim().toLowerCase()}\u0000${document}`;

/** Suspected training pairs as keys, the worst first. */
export function keysOf(census: PairCensus, list: readonly Suspicion[]): string[] {
  return list
    .filter(({ part }) => part === census.training)
    .map(({ query, document }) => keyOf([census.queries.text(query)!, census.documents.id(document)!]));
}

/** Rows that findings of one name blame. */
export function rowsBlamed(findings: readonly DataFinding[], name: string): number[] {
  return [
    ...new Set(findings.filter((finding) => finding.name === name).flatMap(({ drop }) => [...(drop ?? [])])),
  ];
}
