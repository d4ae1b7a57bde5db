import { describe, expect, it } from "vitest";
import type { EvaluationSet } from "../../../lib/experiment/evaluation-set.js";
import { FrozenRankings } from "../../../lib/retrieval/retrievers/frozen-rankings.js";
import type { QueryResult } from "../../../lib/tracking/run-folder.js";

const texts = {
  a: "learn c++",
  b: "learn c#",
  c: "learn c",
  d: "人工智能",
  e: "猫吃什么",
  f: "same",
  g: "same",
};
const ids = Object.keys(texts);
const pool = { ids: ids.map((id) => `d-${id}`), items: ids.map(() => ({})) };
const set: EvaluationSet = {
  name: "test",
  pool,
  queries: Object.entries(texts).map(([id, q]) => ({
    id,
    fields: { q },
    relevant: new Set<number>(),
    grades: new Map<number, number>(),
  })),
  missingDocuments: 0,
  skippedQueries: 0,
};
/** Every query's own document is its one result; the run keeps what the published cleaning leaves of the texts. */
const results = ids.map(
  (id): QueryResult => ({
    ...{ set: "test", typo: 0, id, query: "", relevant: [], values: {} },
    top: [[`d-${id}`, 1]],
  }),
);
const rankings = new FrozenRankings(results, [set], "q");
const first = async (q: string, id?: string) => {
  await rankings.index(pool);
  const [ranked] = await rankings.retrieve([{ q }], 1, id === undefined ? undefined : [{ set: "test", id }]);
  return pool.ids[ranked!.ids[0]!];
};

describe("FrozenRankings", () => {
  it("answers a query of the data set by its id, whatever cleaning leaves of its text", async () => {
    for (const [id, text] of Object.entries(texts)) expect(await first(text, id)).toBe(`d-${id}`);
    expect(await first("learn c", "a")).toBe("d-a");
  });

  it("answers a typed text as it is spelled, and refuses one that two queries have", async () => {
    expect(await first("Learn  C#")).toBe("d-b");
    expect(await first("猫吃什么")).toBe("d-e");
    await expect(first("same")).rejects.toThrow("f of test and g of test with different answers");
    await expect(first("learn d")).rejects.toThrow(
      'must be those that were ranked, as they are spelled, got "learn d"',
    );
  });

  it("refuses a query that is spelled otherwise than the one that was ranked, or of another set", async () => {
    await expect(first("laern c", "c")).rejects.toThrow('as they are spelled ("learn c"), got "laern c"');
    await expect(rankings.retrieve([{ q: "learn c" }], 1, [{ set: "other", id: "c" }])).rejects.toThrow(
      "c of other",
    );
  });
});
