/** What the negatives of one query are drawn from. */
export interface QueryPools {
  /** queries with the same last word, the query itself left out or not */
  sameLastWord: readonly string[];
  /** queries of the same cluster */
  cluster: readonly string[];
}

export interface NegativeDraws {
  next(): number;
  int(n: number): number;
}

/** Query ids, their products and the maps that negatives are drawn by. */
export interface QueryGraph {
  poolsOf(query: string): QueryPools;
  productsOf(query: string): readonly string[];
  /** every query, for the fallback */
  all: readonly string[];
}

/**
 * The pool for a draw u in [0, 1): u > 0.2 takes the queries with the same last word, minus the query; otherwise, or if
 * there are none, the query's cluster.
 *
 * @see specs/3-kdd-multimodal-recall.md section 9
 */
export function negativePool(
  query: string,
  pools: QueryPools,
  u: number,
): { kind: "last_word" | "cluster"; ids: readonly string[] } {
  const others = pools.sameLastWord.filter((id) => id !== query);
  return u > 0.2 && others.length > 0
    ? { kind: "last_word", ids: others }
    : { kind: "cluster", ids: pools.cluster };
}

export interface NegativeOptions {
  /** the negative product belongs to the negative query, as the report has it; else it is drawn on its own */
  linked: boolean;
  /** share of the fallback's draws that come from all queries instead of the cluster: 0.5 for model 2 */
  anyQueryShare: number;
  /** the row's product: queries that list it are no negatives; null takes them all the same, as published */
  notOf: string | null;
}

const TRIES = 20;

/**
 * Draws a negative query and a negative product. After 20 vain draws any other query is taken (as published, a query
 * alone in its cluster loops forever).
 *
 * @returns null only if no other query, or no product outside the positives, is left to draw
 */
export function drawNegatives(
  query: string,
  graph: QueryGraph,
  { linked, anyQueryShare, notOf }: NegativeOptions,
  draws: NegativeDraws,
): { query: string; product: string } | null {
  const positives = new Set(graph.productsOf(query));
  const unfit = (id: string) => id === query || (notOf !== null && graph.productsOf(id).includes(notOf));
  const draw = (): string => {
    const pool = negativePool(query, graph.poolsOf(query), draws.next());
    const wide = pool.kind === "cluster" && draws.next() < anyQueryShare;
    const ids = wide || pool.ids.length === 0 ? graph.all : pool.ids;
    return ids[draws.int(ids.length)]!;
  };
  const productOf = (id: string): string | null => {
    const products = graph.productsOf(id);
    const product = products.length === 0 ? null : products[draws.int(products.length)]!;
    return product === null || positives.has(product) ? null : product;
  };
  let negative: string | null = null;
  let product: string | null = null;
  for (let t = 0; t < TRIES && (negative === null || product === null); t++) {
    const drawn = draw();
    if (unfit(drawn)) continue;
    if (linked) {
      product = productOf(drawn);
      if (product !== null) negative = drawn;
      continue;
    }
    negative ??= drawn;
    product ??= productOf(draw());
  }
  for (let t = 0; t < TRIES * 10 && (negative === null || product === null); t++) {
    const drawn = graph.all[draws.int(graph.all.length)]!;
    if (unfit(drawn)) continue;
    negative ??= drawn;
    product ??= productOf(drawn);
  }
  return negative === null || product === null ? null : { query: negative, product };
}

/**
 * Rows that a batch keeps: those with a query and a negative query that have tokens, and of each query only the first,
 * as otherwise in-batch negatives could be positives.
 */
export function keptRows(
  rows: readonly { queryId: string; length: number; negativeLength: number }[],
): number[] {
  const met = new Set<string>();
  const kept: number[] = [];
  rows.forEach(({ queryId, length, negativeLength }, i) => {
    if (length === 0 || negativeLength === 0 || met.has(queryId)) return;
    met.add(queryId);
    kept.push(i);
  });
  return kept;
}

/**
 * Rows that share no known positive: a row is left out if its query lists the product of a kept row, or a kept row's
 * query lists its product. In-batch negatives are then never known positives.
 */
export function rowsApart(
  rows: readonly { query: string; product: string }[],
  productsOf: (query: string) => readonly string[],
): number[] {
  const products = new Set<string>();
  const listed = new Set<string>();
  const kept: number[] = [];
  rows.forEach(({ query, product }, i) => {
    const own = productsOf(query);
    if (listed.has(product) || own.some((id) => products.has(id))) return;
    products.add(product);
    for (const id of own) listed.add(id);
    kept.push(i);
  });
  return kept;
}
