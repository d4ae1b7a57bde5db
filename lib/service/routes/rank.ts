import { z } from "zod";
import { ownEntry } from "../../files/own-entry.js";
import { route } from "../route.js";
import { runName } from "../run-name.js";
import { ServiceError } from "../service-error.js";

const place = z.object({ position: z.int(), rank: z.int().nullable(), score: z.number() });

/** `POST /rank`: the first documents of a query, and where given documents stand, by their positions in the pool. */
export const rank = route({
  method: "POST",
  url: "/rank",
  summary: "First documents of a query, and ranks of given ones, by position in the pool",
  tag: "search",
  body: z.strictObject({
    run: runName.optional(),
    query: z.string().max(10_000).describe("what a user types"),
    k: z.int().min(0).max(1000).default(10).describe("documents at most"),
    named: z.string().max(10_000).optional().describe("name of a document whose position is wanted"),
    documents: z.array(z.int().min(0)).max(1000).default([]).describe("positions whose ranks are wanted"),
  }),
  answer: z.object({
    run: z.string(),
    of: z.int().describe("documents in the pool"),
    hits: z.array(place.extend({ id: z.string(), name: z.string(), glyph: z.string() })),
    places: z.array(place),
    named: z.int().nullable().describe("null: no document has the name, or none was given"),
  }),
  handle: ({ body }, { runs, opened }) => {
    const run = runs.find(body.run);
    return opened.use(run, async ({ retriever: own }) => {
      const { retriever, sets, queryColumns, textColumns, prepare, nameColumn } = own;
      const [column] = queryColumns;
      const name = runs.nameOf(run);
      if (!textColumns.includes(column!))
        throw new ServiceError(422, `${name}: queries are pictures, which /rank does not take`);
      const { items, ids } = sets[0]!.pool;
      const query = prepare(body.query);
      const row = Object.fromEntries(queryColumns.map((each) => [each, each === column ? query : ""]));
      const depth = body.documents.length > 0 ? items.length : Math.min(Math.max(1, body.k), items.length);
      const [ranked] = query.trim() === "" ? [] : await retriever.retrieve([row], depth);
      const order = Array.from(ranked?.ids ?? []).filter((id) => id >= 0);
      const at = (position: number) => order.indexOf(position);
      const named =
        body.named === undefined ? -1 : items.findIndex((item) => ownEntry(item, nameColumn) === body.named);
      return {
        ...{ run: name, named: named < 0 ? null : named },
        of: items.length,
        hits: order.slice(0, body.k).map((position, i) => ({
          ...{ position, rank: i + 1, score: ranked!.scores[i]!, id: ids[position]! },
          name: ownEntry(items[position], nameColumn) ?? ids[position]!,
          glyph: items[position]!["document_emoji"] ?? "",
        })),
        places: body.documents.map((position) => {
          const found = at(position);
          return found < 0
            ? { position, rank: null, score: 0 }
            : { position, rank: found + 1, score: ranked!.scores[found]! };
        }),
      };
    });
  },
});
