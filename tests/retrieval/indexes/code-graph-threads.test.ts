import { expect, test, vi } from "vitest";
import { fillNormal } from "../../../lib/engine/random/fill-random.js";
import { Random } from "../../../lib/engine/random/random.js";
import { startWorker } from "../../../lib/engine/start-worker.js";
import { CodeGraph } from "../../../lib/retrieval/indexes/code-graph.js";

vi.mock("../../../lib/engine/start-worker.js", async (original) => {
  const module = await original<{ startWorker: typeof startWorker }>();
  return { startWorker: vi.fn(module.startWorker) };
});

test("a graph of codes starts threads once its searches together are worth it, and answers alike", async () => {
  const dim = 16;
  const documents = new Float32Array(2000 * dim);
  fillNormal(documents, new Random(1), "documents");
  const shape = { size: 2000, dim, metric: "euclidean", connectivity: 8, expansionAdd: 40 } as const;
  const graph = CodeGraph.build(documents, { ...shape, expansionSearch: 256 }, 2);
  const queries = documents.subarray(0, 400 * dim);
  const alone = await graph.ask(queries, 5);
  for (let i = 0; i < 9; i++) await graph.ask(queries, 5);
  expect(startWorker).not.toHaveBeenCalled();
  const both = await Promise.all([graph.ask(queries, 5), graph.ask(queries, 300)]);
  expect(startWorker).toHaveBeenCalledTimes(2);
  expect([...both[0].ids]).toEqual([...alone.ids]);
  expect([...both[0].scores]).toEqual([...alone.scores]);
  expect([...both[1].ids.subarray(0, 5)]).toEqual([...alone.ids.subarray(0, 5)]);
  expect(await graph.ask(queries.subarray(0, dim), 5)).toMatchObject({ ids: alone.ids.subarray(0, 5) });
  await graph.close();
});
