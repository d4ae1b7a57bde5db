import { z } from "zod";
import { route } from "../route.js";
import { runName } from "../run-name.js";
import { ServiceError } from "../service-error.js";

/** `POST /search`: the best documents of a run for one query. */
export const search = route({
  method: "POST",
  url: "/search",
  summary: "Documents that a run finds for a query, best first",
  tag: "search",
  body: z.strictObject({
    run: runName.optional(),
    query: z.string().max(10_000).describe("what a user types"),
    k: z.int().min(1).max(1000).default(10).describe("documents at most"),
    threshold: z
      .number()
      .nullable()
      .optional()
      .describe("documents scored lower are left out; null = all are returned; default: the run's own"),
  }),
  answer: z.object({
    run: z.string(),
    hits: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        score: z.number(),
        document: z.record(z.string(), z.string()).describe("every stored column"),
      }),
    ),
  }),
  handle: ({ body }, { runs, opened }) => {
    const run = runs.find(body.run);
    return opened.use(run, async ({ search, retriever }) => {
      // the query of a system that searches by pictures is the name of a file, which nobody may name from afar
      if (!retriever.textColumns.includes(retriever.queryColumns[0]!))
        throw new ServiceError(422, `${runs.nameOf(run)}: queries are pictures, which /search does not take`);
      return { run: runs.nameOf(run), hits: await search(body.query, body.k, body.threshold) };
    });
  },
});
