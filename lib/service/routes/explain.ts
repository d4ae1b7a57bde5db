import { z } from "zod";
import { route } from "../route.js";
import { runName } from "../run-name.js";

const share = z.object({ text: z.string(), share: z.number() });

/** `POST /explain`: why a run gives a document its score for a query. */
export const explain = route({
  method: "POST",
  url: "/explain",
  summary: "What each word of a query, and its pieces, bring to a document's score",
  tag: "search",
  body: z.strictObject({
    run: runName.optional(),
    query: z.string().max(10_000).describe("what a user types"),
    document: z
      .string()
      .max(10_000)
      .optional()
      .describe("id or name of a document; default: the first result"),
  }),
  answer: z.object({
    run: z.string(),
    query: z.string().describe("as the system reads it"),
    id: z.string(),
    name: z.string(),
    rank: z.int().nullable().describe("null: the document is not found"),
    of: z.int().describe("documents in the pool"),
    score: z.number(),
    method: z
      .enum(["tokens", "active units", "lexical", "occlusion"])
      .describe("how the score was divided; shares add up to it but for occlusion"),
    words: z.array(share.extend({ without: z.number().nullable().describe("score without the word") })),
    tokens: z.array(share.extend({ kind: z.string(), word: z.int().describe("−1: biases") })),
    grid: z
      .object({
        columns: z.array(z.string()),
        rows: z.array(z.string()),
        values: z.array(z.array(z.number())),
      })
      .nullable()
      .describe("shares by word of query and document"),
  }),
  handle: ({ body }, { runs, opened }) => {
    const run = runs.find(body.run);
    return opened.use(run, async (own) => {
      const { system: _, ...explained } = await (await own.explain())(body.query, body.document);
      return { run: runs.nameOf(run), ...explained };
    });
  },
});
