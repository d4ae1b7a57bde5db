import type { Random } from "../../engine/random/random.js";
import type { EvaluatorOptions, RetrievalData } from "../../evaluation/evaluate-retrieval.js";
import { takeRows } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import type { Side } from "../objectives/batch-task.js";
import type { FitData } from "./fit-data.js";

/**
 * What a model finds on held-out data: classes by searching the training items for those of a held-out item's class, or one
 * another where the training items have none; pairs by
 * searching all held-out documents for those of a query; sessions by searching all held-out matches for a root's positive ones.
 *
 * @param side tower of labelled items
 * @returns null for data that say nothing about rankings: items without labels, scored pairs, margins
 */
export function heldOutSet(train: FitData, held: FitData, side: Side): EvaluatorOptions | null {
  const sides = { querySide: side, indexSide: side, excludeSelf: false };
  if (held.kind === "class" && train.kind !== "class")
    return { ...sides, excludeSelf: true, queryData: { items: held.items, labels: held.labels } };
  if (held.kind === "class" && train.kind === "class") {
    const known = new Set(train.labels);
    const rows = rowsWhere(held.labels.length, (row) => known.has(held.labels[row]!));
    if (rows.length === 0) return null;
    return {
      ...sides,
      queryData: named("held", {
        items: takeRows(held.items, rows),
        labels: held.labels.filter((one) => known.has(one)),
      }),
      indexData: named("train", { items: train.items, labels: train.labels }),
    };
  }
  if (held.kind === "session") {
    const { items, labels, types } = held;
    const [roots, matches] = [true, false].map((root) =>
      rowsWhere(items.size, (row) => (types[row] === 0) === root),
    );
    const found = new Map<number, string[]>();
    for (const row of matches!)
      if (types[row] === 1) found.set(labels[row]!, [...(found.get(labels[row]!) ?? []), String(row)]);
    const asked = roots!.filter((row) => found.has(labels[row]!));
    if (asked.length === 0) return null;
    return {
      ...sides,
      queryData: {
        items: takeRows(items, asked),
        ids: Array.from(asked, (row) => `root ${row}`),
        relevant: Array.from(asked, (row) => found.get(labels[row]!)!),
      },
      indexData: { items: takeRows(items, matches!), ids: Array.from(matches!, String) },
    };
  }
  if (held.kind !== "pairs") return null;
  const { queries, documents, queryOf, documentOf } = held.pairs;
  const relevant = new Map<number, string[]>();
  queryOf.forEach((query, pair) => {
    relevant.set(query, [...(relevant.get(query) ?? []), String(documentOf[pair])]);
  });
  const asked = [...relevant.keys()];
  return {
    excludeSelf: false,
    queryData: {
      items: takeRows(queries, asked),
      ids: asked.map((row) => `query ${row}`),
      relevant: asked.map((row) => [...new Set(relevant.get(row)!)]),
    },
    indexData: { items: documents, ids: Array.from({ length: documents.size }, (_, row) => String(row)) },
  };
}

function named(prefix: string, data: RetrievalData): RetrievalData {
  return { ...data, ids: Array.from({ length: data.items.size }, (_, row) => `${prefix} ${row}`) };
}

function rowsWhere(size: number, is: (row: number) => boolean): Int32Array {
  return Int32Array.from({ length: size }, (_, row) => row).filter(is);
}

/**
 * Data in two: about `share` of it is held out, drawn at random; of classes that share of each, whole sessions, all pairs of a
 * query. Documents of pairs are known to both.
 *
 * @throws UserError if either part would be empty
 */
export function splitData(data: FitData, share: number, random: Random): { train: FitData; held: FitData } {
  const groups = groupsOf(data);
  const strata = data.kind === "class" ? byGroup(data.labels) : [[...new Set(groups)]];
  const chosen = new Set<number>();
  for (const stratum of strata) {
    const order = random.shuffle(Int32Array.from(stratum));
    const most = data.kind === "class" ? stratum.length - 1 : stratum.length;
    for (const one of order.subarray(0, Math.min(most, Math.round(share * stratum.length)))) chosen.add(one);
  }
  const isHeld = (row: number) => chosen.has(data.kind === "class" ? row : groups[row]!);
  const held = rowsWhere(groups.length, isHeld);
  const train = rowsWhere(groups.length, (row) => !isHeld(row));
  if (held.length === 0 || train.length === 0)
    throw new UserError(
      `fit: valSplit must leave data in both parts, got ${train.length} and ${held.length} of ${groups.length} with ${share}`,
    );
  return { train: takeData(data, train), held: takeData(data, held) };
}

/** What of each row stays together. */
function groupsOf(data: FitData): Int32Array {
  if (data.kind === "pairs") return data.pairs.queryOf;
  if (data.kind === "session") return data.labels;
  const size =
    data.kind === "scored"
      ? data.scores.length
      : data.kind === "margins"
        ? data.margins.length
        : data.items.size;
  return Int32Array.from({ length: size }, (_, row) => row);
}

/** Rows of each label. */
function byGroup(labels: Int32Array): number[][] {
  const rows = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const list = rows.get(label);
    if (list) list.push(row);
    else rows.set(label, [row]);
  });
  return [...rows.values()];
}

function takeData(data: FitData, rows: Int32Array): FitData {
  const floats = (values: Float32Array) => Float32Array.from(rows, (row) => values[row]!);
  const ids = (values: Int32Array) => rows.map((row) => values[row]!);
  switch (data.kind) {
    case "pairs": {
      const { queryOf, documentOf, queryRowOf } = data.pairs;
      return {
        kind: "pairs",
        pairs: {
          ...data.pairs,
          queryOf: ids(queryOf),
          documentOf: ids(documentOf),
          ...(queryRowOf && { queryRowOf: ids(queryRowOf) }),
        },
      };
    }
    case "class":
      return { ...data, items: takeRows(data.items, rows), labels: ids(data.labels) };
    case "session":
      return { ...data, items: takeRows(data.items, rows), labels: ids(data.labels), types: ids(data.types) };
    case "instance":
      return { ...data, items: takeRows(data.items, rows) };
    case "scored":
      return {
        ...data,
        left: takeRows(data.left, rows),
        right: takeRows(data.right, rows),
        scores: floats(data.scores),
      };
    case "margins":
      return {
        ...data,
        queries: takeRows(data.queries, rows),
        positives: takeRows(data.positives, rows),
        negatives: takeRows(data.negatives, rows),
        margins: floats(data.margins),
      };
  }
}
