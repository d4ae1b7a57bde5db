import { createReadStream } from "node:fs";
import { z } from "zod";
import { bundleForBrowser } from "../../analysis/live/bundle-page.js";
import { labelChoices } from "../../annotation/label/label-choices.js";
import { decodedPicture, pictureType } from "../../annotation/label/label-pictures.js";
import type { Labelling } from "../../annotation/label/labelling.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import { type Route, route } from "../route.js";
import { login } from "../routes/page.js";
import { ServiceError } from "../service-error.js";
import { labelPage } from "./label-page.js";
import { counters, fedDocument, labelledDocument, ownPictures, shownQuestion } from "./label-schemas.js";
import type { LabelService } from "./label-service.js";

const tag = "labelling";
const POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/** Of labelled pictures that come as bytes. */
const BODY = 32 * 2 ** 20;

const feed = route({
  ...{
    method: "POST",
    url: "/feed",
    tag,
    summary: "Add documents to the store, or questions",
    bodyLimit: BODY,
  },
  body: z.strictObject({
    documents: z.array(fedDocument).min(1).max(100_000),
    as: z.enum(["documents", "questions"]).default("documents"),
  }),
  answer: z.object({ added: z.number().describe("those whose id was not there") }),
  handle: ({ body }, service: LabelService) =>
    service.use(async (labelling) => ({
      added: await labelling.feed(body.documents as FitDocument[], body.as),
    })),
});

const next = route({
  ...{
    method: "POST",
    url: "/next",
    tag,
    summary: "Questions with their nearest documents under the present model",
  },
  body: z.strictObject({
    start: z.int().min(0).default(0).describe("first question in the order of the choice"),
    end: z.int().min(1).optional().describe("one past the last; default: start + 1"),
    topk: z.int().min(1).max(100).default(10),
    sample_size: z
      .int()
      .min(1)
      .nullable()
      .optional()
      .describe(
        "documents drawn anew, among which the nearest are; null = all; default: as labelling was begun",
      ),
    choice: z.enum(labelChoices.kinds() as [string, ...string[]]).optional(),
    question: z
      .string()
      .optional()
      .describe("this question again, with candidates that have no label for it"),
  }),
  answer: z.object({ questions: z.array(shownQuestion) }),
  handle: ({ body }, service: LabelService) => {
    const { start, end = start + 1, topk, sample_size: sampleSize, choice, question } = body;
    if (end <= start || end - start > 100)
      throw new ServiceError(400, `end: must be in [start + 1, start + 100], got ${end} with start ${start}`);
    return service.use((labelling) => ({
      questions: labelling
        .next({
          ...{ start, end, topk },
          ...(sampleSize !== undefined && { sampleSize }),
          ...(choice !== undefined && { choice }),
          ...(question !== undefined && { question }),
        })
        .map((found) => ({
          ...addressed(labelling, "questions", found),
          matches: found.matches.map((match) => addressed(labelling, "documents", match)),
        })),
    }));
  },
});

const fit = route({
  ...{ method: "POST", url: "/fit", tag, summary: "Add labelled documents and train", bodyLimit: BODY },
  body: z.strictObject({
    documents: z.array(labelledDocument).min(1).max(10_000),
    epochs: z.int().min(0).max(1000).optional().describe("default: as labelling was begun"),
  }),
  answer: counters,
  handle: ({ body: { documents, epochs } }, service: LabelService) =>
    service.use((labelling) =>
      labelling.fit(ownPictures(documents) as FitDocument[], {
        keep: false,
        ...(epochs !== undefined && { epochs }),
      }),
    ),
});

const undo = route({
  ...{ method: "POST", url: "/undo", tag, summary: "Take the last answer back, and its training" },
  body: z.strictObject({}).optional(),
  answer: z.object({ undone: z.array(z.string()).describe("ids of the questions that are open again") }),
  handle: (_asked, service: LabelService) =>
    service.use((labelling) => ({ undone: labelling.undo().map(({ id }) => id!) })),
});

const save = route({
  ...{
    method: "POST",
    url: "/save",
    tag,
    summary: "Write the present model as a run folder beside the labels",
  },
  body: z.strictObject({ model_path: z.string().min(1).max(200).default("trained.model") }),
  answer: z.object({ saved: z.string() }),
  handle: ({ body }, service: LabelService) =>
    service.use((labelling) => ({ saved: labelling.save(body.model_path) })),
});

const terminate = route({
  ...{ method: "POST", url: "/terminate", tag, summary: "Stop the server; labels and weights are kept" },
  body: z.strictObject({}).optional(),
  answer: z.object({ ok: z.literal(true) }),
  handle: ({ reply }, service: LabelService) => {
    reply.raw.once("finish", () => service.terminate());
    return { ok: true as const };
  },
});

const state = route({
  ...{ method: "GET", url: "/state", tag, summary: "Counters, and what labelling was begun with" },
  answer: z.object({
    run: z.string(),
    counters,
    settings: z.record(z.string(), z.unknown()),
    choices: z.array(z.string()),
  }),
  handle: (_asked, service: LabelService) =>
    service.use((labelling) => ({
      ...{ run: service.run, counters: labelling.counters(), settings: labelling.settings },
      choices: labelChoices.kinds(),
    })),
});

const measures = route({
  ...{
    method: "GET",
    url: "/measures",
    tag,
    summary: "What the model is worth now, on queries that nobody labels",
  },
  query: z.strictObject({
    fresh: z
      .enum(["true", "false"])
      .default("false")
      .describe("true: now, where it is measured after every twentieth answer only"),
  }),
  answer: z.object({}).loose().nullable(),
  handle: ({ query }, service: LabelService) =>
    service.use((labelling) => labelling.measured(query.fresh === "true")),
});

const map = route({
  ...{ method: "GET", url: "/map", tag, summary: "Documents on axes that stay as the model moves" },
  answer: z.object({ ids: z.array(z.string()), positions: z.array(z.number()).describe("[n, 2]") }),
  handle: (_asked, service: LabelService) =>
    service.use((labelling) => {
      const { ids, positions } = labelling.map();
      return { ids, positions: Array.from(positions, (value) => Math.round(value * 1e4) / 1e4) };
    }),
});

const labels = route({
  ...{ method: "GET", url: "/labels.jsonl", tag, summary: "Answers as documents, which fit reads" },
  sends: "application/x-ndjson",
  handle: (_asked, service: LabelService) =>
    service.use((labelling) =>
      labelling
        .labels()
        .map((answer) => `${JSON.stringify(answer)}\n`)
        .join(""),
    ),
});

const picture = route({
  ...{ method: "GET", url: "/picture", tag, summary: "The picture of a document or question" },
  query: z.strictObject({ id: z.string().min(1).max(500), of: z.enum(["questions", "documents"]) }),
  handle: ({ query, reply }, service: LabelService) =>
    service.use((labelling) => {
      const found = labelling.picture(query.of, query.id);
      if (found === null) throw new ServiceError(404, `no picture of ${JSON.stringify(query.id)}`);
      reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
      reply.header("x-content-type-options", "nosniff");
      const bytes = decodedPicture(found);
      return reply.type(pictureType(found)).send(bytes ?? createReadStream(found));
    }),
});

const page: Route<LabelService> = route({
  ...{ method: "GET", url: "/", tag: "pages", summary: "The page to label on" },
  public: true,
  sends: "text/html; charset=utf-8",
  handle: ({ reply }) => {
    reply.header("content-security-policy", POLICY);
    return labelPage();
  },
});

const script: Route<LabelService> = route({
  ...{ method: "GET", url: "/label.js", tag: "pages", summary: "The page's script" },
  public: true,
  sends: "text/javascript; charset=utf-8",
  handle: () => bundleForBrowser("lib/browser/page/label-entry.ts"),
});

/** Every address of `qdrl label`. */
export const LABEL_ROUTES: readonly Route<LabelService>[] = [
  ...[feed, next, fit, undo, save, terminate],
  ...[state, measures, map, labels, picture],
  ...[page, script, login],
];

/** With the address of its picture, where it has one, in the place of the file's path. */
function addressed<D extends FitDocument>(
  labelling: Labelling,
  of: "questions" | "documents",
  document: D,
): D {
  const { uri: _, ...rest } = document;
  if (labelling.picture(of, document.id!) === null) return rest as D;
  return { ...rest, uri: `/picture?of=${of}&id=${encodeURIComponent(document.id!)}` } as D;
}
