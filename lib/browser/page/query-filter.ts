/** Which of two systems did better on a query. */
export const outcomes = [
  "all queries",
  "first is better",
  "second is better",
  "equal",
  "both find nothing",
] as const;

/** What is known of the queries of a set at one typo probability. */
export interface FilteredQueries {
  /** as they were asked */
  texts: readonly string[];
  /** value of the first and of the second system */
  a: Float32Array;
  b: Float32Array;
  /** slice of each query in the division that is filtered by; null: none is */
  slices: readonly string[] | null;
}

export interface QueryFilter {
  /** part of the text, in any case */
  text: string;
  outcome: (typeof outcomes)[number];
  slice: string;
  order: "as in the set" | "first − second" | "second − first" | "by text";
}

/** Positions of the queries that a filter lets through, in its order. */
export function filterQueryList({ texts, a, b, slices }: FilteredQueries, filter: QueryFilter): number[] {
  const wanted = filter.text.trim().toLowerCase();
  const passes: Record<QueryFilter["outcome"], (query: number) => boolean> = {
    "all queries": () => true,
    "first is better": (query) => a[query]! > b[query]!,
    "second is better": (query) => b[query]! > a[query]!,
    equal: (query) => a[query] === b[query],
    "both find nothing": (query) => a[query] === 0 && b[query] === 0,
  };
  const kept: number[] = [];
  for (let query = 0; query < texts.length; query++) {
    if (wanted !== "" && !texts[query]!.toLowerCase().includes(wanted)) continue;
    if (slices !== null && slices[query] !== filter.slice) continue;
    if (passes[filter.outcome](query)) kept.push(query);
  }
  if (filter.order === "as in the set") return kept;
  if (filter.order === "by text") return kept.sort((x, y) => (texts[x]! < texts[y]! ? -1 : 1));
  const sign = filter.order === "first − second" ? -1 : 1;
  return kept.sort((x, y) => sign * (a[x]! - b[x]! - (a[y]! - b[y]!)) || x - y);
}
