import { z } from "zod";
import { route } from "../route.js";
import { runName } from "../run-name.js";
import { ServiceError } from "../service-error.js";

const MOST_ROWS = 1024;

/** `POST /encode`: embeddings of texts, or of documents by their columns, by a run's encoder. */
export const encode = route({
  method: "POST",
  url: "/encode",
  summary: "Embeddings by a run's encoder",
  tag: "search",
  body: z.strictObject({
    run: runName.optional(),
    side: z.enum(["query", "document"]).default("query").describe("which tower embeds"),
    texts: z
      .array(z.string().max(10_000))
      .min(1)
      .max(MOST_ROWS)
      .optional()
      .describe("queries, or names of documents"),
    rows: z
      .array(z.record(z.string().max(200), z.string().max(10_000)))
      .min(1)
      .max(MOST_ROWS)
      .optional()
      .describe("in place of texts: columns of each query or document by name"),
  }),
  answer: z.object({
    run: z.string(),
    dim: z.int(),
    embeddings: z.array(z.array(z.number())).describe("a list of numbers a row, not normalised"),
  }),
  handle: ({ body }, { runs, opened }) => {
    const { texts, rows, side } = body;
    if ((texts === undefined) === (rows === undefined))
      throw new ServiceError(400, "encode: must be given either texts or rows, got both or neither");
    const run = runs.find(body.run);
    return opened.use(run, async ({ retriever }) => {
      const name = runs.nameOf(run);
      const { embed, textColumns, queryColumns, documentColumns } = retriever;
      if (!embed)
        throw new ServiceError(
          422,
          `${name}: must be a run with an encoder, got a ${run.manifest().kind} run`,
        );
      const columns = side === "query" ? queryColumns : documentColumns;
      const readable = side === "query" ? textColumns : documentColumns;
      const [first] = readable;
      if (first === undefined)
        throw new ServiceError(
          422,
          `${name}: a ${side} has no text that could be encoded, it reads ${columns.join(", ")}`,
        );
      const known = rows ?? texts!.map((text) => ({ [first]: text }));
      const { vectors, dim } = await embed(
        known.map((row) => ({ ...empty(columns), ...row })),
        side,
      );
      const embeddings = known.map((_, i) => Array.from(vectors.subarray(i * dim, (i + 1) * dim)));
      return { run: name, dim, embeddings };
    });
  },
});

/** Columns that a request leaves out are empty. */
function empty(columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [column, ""]));
}
