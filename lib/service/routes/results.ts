import { z } from "zod";
import { openRun, type QueryResult } from "../../tracking/run-folder.js";
import { route } from "../route.js";
import type { Service } from "../service.js";
import { checkState } from "../state-guards.js";
import { runParams } from "./runs.js";

const tag = "results";
const base = "/api/v1/experiments/:experiment/runs/:run";

/** A finished run's folder. @throws ServiceError 404 or 409 */
async function finished(what: "metrics" | "examples", id: string, { jobs }: Service) {
  const { state, message } = await jobs.status(id);
  checkState(what, id, state, message);
  return openRun(jobs.dirOf(id));
}

const metrics = route({
  ...{ method: "GET", url: `${base}/metrics`, tag, summary: "Measures of a finished run by stage" },
  params: runParams,
  answer: z
    .record(z.string(), z.record(z.string(), z.number()))
    .describe("before: of the untrained model, where it was measured; after: of the last epoch"),
  handle: async ({ params }, service) => {
    const all = (await finished("metrics", `${params.experiment}/${params.run}`, service)).metrics();
    const of = (epoch: number) =>
      Object.fromEntries(
        all
          .filter((line) => line.epoch === epoch && line.name !== "Loss/step")
          .map((line) => [line.name, line.value]),
      );
    const last = Math.max(...all.map((line) => line.epoch));
    const before = of(-1);
    return { ...(Object.keys(before).length > 0 && { before }), after: of(last) };
  },
});

const examples = route({
  ...{
    method: "GET",
    url: `${base}/examples`,
    tag,
    summary: "What a finished run found for queries of its test, by stage",
  },
  params: runParams,
  query: z.strictObject({
    k: z.coerce.number().pipe(z.int().min(1).max(100)).default(5).describe("documents of a query"),
    queries: z.coerce.number().pipe(z.int().min(1).max(1000)).default(20),
  }),
  answer: z
    .record(
      z.string(),
      z.record(z.string(), z.array(z.object({ id: z.string(), score: z.number(), relevant: z.boolean() }))),
    )
    .describe("before: of the untrained model, where it was asked; after: of the model"),
  handle: async ({ params, query }, service) => {
    const run = await finished("examples", `${params.experiment}/${params.run}`, service);
    const found = (results: readonly QueryResult[]) => {
      const clean = results.filter((result) => result.typo === 0).slice(0, query.queries);
      const hits = clean.map((result) => {
        const relevant = new Set(result.relevant);
        const top = result.top.slice(0, query.k);
        return [result.query, top.map(([id, score]) => ({ id, score, relevant: relevant.has(id) }))] as const;
      });
      return Object.fromEntries(hits);
    };
    const before = run.queriesBefore();
    return { ...(before && { before: found(before) }), after: found(run.queries()) };
  },
});

export const results = [metrics, examples];
