import type { QueryGraph } from "./last-word-negatives.js";
import type { WorkingData } from "./prepare.js";

/** The maps that negatives are drawn by: last word → queries, cluster → queries, query → products. */
export function queryGraph({ queries }: WorkingData): QueryGraph {
  const byLastWord = new Map<string, string[]>();
  const byCluster = new Map<number, string[]>();
  const add = <K>(map: Map<K, string[]>, key: K, id: string) => {
    const found = map.get(key);
    if (found === undefined) map.set(key, [id]);
    else found.push(id);
  };
  for (const [id, { lastWord, cluster }] of Object.entries(queries)) {
    add(byLastWord, lastWord, id);
    add(byCluster, cluster, id);
  }
  return {
    all: Object.keys(queries),
    productsOf: (id) => queries[id]!.products,
    poolsOf: (id) => ({
      sameLastWord: byLastWord.get(queries[id]!.lastWord)!,
      cluster: byCluster.get(queries[id]!.cluster)!,
    }),
  };
}
