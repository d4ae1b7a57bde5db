import { expect, test, vi } from "vitest";
import { fillNormal } from "../../../lib/engine/random/fill-random.js";
import { Random } from "../../../lib/engine/random/random.js";
import { startWorker } from "../../../lib/engine/start-worker.js";
import { ExactIndex } from "../../../lib/retrieval/indexes/exact-index.js";

vi.mock("../../../lib/engine/start-worker.js", async (original) => {
  const module = await original<{ startWorker: typeof startWorker }>();
  return { startWorker: vi.fn(module.startWorker) };
});

test("an index starts threads once its searches together are worth it, and answers alike", async () => {
  const dim = 64;
  const documents = new Float32Array(20_000 * dim);
  fillNormal(documents, new Random(1), "documents");
  const queries = documents.slice(0, 16 * dim);
  const index = ExactIndex.build(documents, { dim, threads: 2 });
  const alone = await index.search(queries, 5);
  for (let i = 0; i < 90; i++) await index.search(queries, 5);
  expect(startWorker).not.toHaveBeenCalled();
  for (let i = 0; i < 10; i++) await index.search(queries, 5);
  expect(startWorker).toHaveBeenCalledTimes(2);
  expect(await index.search(queries, 5)).toEqual(alone);
  await index.close();

  const small = ExactIndex.build(documents.slice(0, 1000 * dim), { dim, threads: 2 });
  for (let i = 0; i < 200; i++) await small.search(queries, 5);
  expect(startWorker).toHaveBeenCalledTimes(2);
});
