import { openRun } from "../../../tracking/run-folder.js";
import {
  type DataExamination,
  type DataFinding,
  type DoctorSettings,
  mendCommand,
  shown,
} from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import { NearIndex, queryShingles } from "../near-index.js";
import type { PairCensus } from "../pair-census.js";

/** Examples of near-duplicates kept while reading. */
const KEPT = 50;

/**
 * Held-out queries that are training queries too: as they are, but for case, accents and punctuation, or nearly (Jaccard
 * similarity of their words' trigrams). A query is counted in the first kind that it fits.
 */
export const queryLeakage: DataExamination = {
  name: "query-leakage",
  about:
    "held-out queries that are trained on: the same, the same but for case and punctuation, nearly the same",
  begin(settings) {
    const index = new NearIndex(settings.near);
    const heldOut: number[] = [];
    const near = new Map<number, { similarity: number; training: number[]; text: string }>();
    return {
      text(text, side, number, part) {
        if (side !== "query" || settings.heldOut === 0) return;
        const set = queryShingles(text);
        if (part < settings.heldOut) {
          index.add(set);
          heldOut.push(number);
          return;
        }
        for (const { member, similarity } of index.near(set)) {
          const query = heldOut[member]!;
          const before = near.get(query);
          if (before === undefined)
            near.set(query, { similarity, training: [number], text: near.size < KEPT ? text : "" });
          else before.training.push(number);
        }
      },
      finish: (census) => findingsOf(census, settings, near),
    };
  },
};

const kinds = [
  ["exact", "that are training queries, letter for letter"],
  ["normalised", "that are training queries but for case, accents and punctuation"],
  ["near", "that are nearly training queries"],
] as const;

function findingsOf(
  census: PairCensus,
  settings: DoctorSettings,
  near: ReadonlyMap<number, { similarity: number; training: number[]; text: string }>,
): DataFinding[] {
  const { queries, training, pairs } = census;
  const trained = 1 << training;
  const held = trained - 1;
  // a Map holds no more than 16 million
  const trainedKeys = new Int32Array(queries.keys.size).fill(-1);
  for (let query = 0; query < queries.size; query++)
    if ((queries.parts.at(query) & trained) !== 0) trainedKeys[queries.keyOf.at(query)] = query;
  const leaked = kinds.map(() => new Map<number, number>());
  let total = 0;
  for (let query = 0; query < queries.size; query++) {
    const parts = queries.parts.at(query);
    if ((parts & held) === 0) continue;
    total++;
    if ((parts & trained) !== 0) leaked[0]!.set(query, query);
    else if (trainedKeys[queries.keyOf.at(query)] !== -1)
      leaked[1]!.set(query, trainedKeys[queries.keyOf.at(query)]!);
    else if (near.has(query)) leaked[2]!.set(query, near.get(query)!.training[0]!);
  }
  if (settings.heldOut === 0 || total === 0 || census.rows === census.firstTraining) return [];
  const blamedKeys = kinds.map(([kind], i) =>
    kind === "near"
      ? new Set([...leaked[i]!.keys()].flatMap((query) => near.get(query)!.training))
      : new Set([...leaked[i]!.keys()].map((query) => queries.keyOf.at(query))),
  );
  return kinds.map(([kind, what], i) => {
    const found = leaked[i]!;
    const blamed = blamedKeys[i]!;
    const rows = new GrowingArray(Int32Array);
    if (found.size > 0)
      for (let row = census.firstTraining; row < census.rows; row++) {
        const query = pairs.query.at(row);
        const is = kind === "near" ? blamed.has(query) : blamed.has(queries.keyOf.at(query));
        if (is) rows.push(row - census.firstTraining);
      }
    return {
      check: "query-leakage",
      name: `query-leakage:${kind}`,
      what: `held-out queries ${what}`,
      outcome: found.size === 0 ? "ok" : kind === "near" ? "look" : "wrong",
      count: found.size,
      of: total,
      unit: "held-out queries",
      examples: [...found].slice(0, settings.examples).map(([query, other]) => {
        const own = shown(queries.text(query) ?? "");
        const similar = near.get(query);
        return kind === "exact"
          ? own
          : `${own} ~ ${shown(queries.text(other) ?? similar?.text ?? "")}${kind === "near" ? ` (Jaccard ${similar!.similarity.toFixed(2)})` : ""}`;
      }),
      cost:
        found.size === 0
          ? null
          : `scores of these queries show memory, not search; ${rows.length.toLocaleString("en")} training rows ask them${settings.run === null ? "" : withoutLeaks(census, settings.run, found)}`,
      mend:
        found.size === 0
          ? null
          : {
              says: "leave the training rows of these queries out; qdrl init and data import keep near-duplicates on one side when they deal queries out",
              command: mendCommand(settings, `query-leakage:${kind}`),
            },
      drop: rows.whole(),
    };
  });
}

/** What a finished run scores over all queries of its sets, and over those that did not leak. */
function withoutLeaks(census: PairCensus, dir: string, leaked: ReadonlyMap<number, number>): string {
  const ids = new Set([...leaked.keys()].map((query) => census.queryId(query)));
  const results = openRun(dir)
    .queries()
    .filter(({ typo, set }) => typo === 0 && census.parts.includes(set));
  return [...new Set(results.map(({ set }) => set))]
    .map((set) => {
      const own = results.filter((result) => result.set === set);
      const [measure = ""] = Object.keys(own[0]!.values);
      const clean = own.filter(({ id }) => !ids.has(id));
      const mean = (list: typeof own) =>
        (list.reduce((sum, { values }) => sum + values[measure]!, 0) / Math.max(1, list.length)).toFixed(3);
      return clean.length === own.length
        ? ""
        : `; ${measure} of ${dir} on ${set} is ${mean(own)} over all, ${mean(clean)} over the ${clean.length.toLocaleString("en")} that did not leak`;
    })
    .join("");
}
