import { z } from "zod";

const text = z.string().max(100_000);
const id = z.string().min(1).max(500);

/** Pictures come as bytes: a path would read this machine's files. */
const uri = z
  .string()
  .max(4 * 2 ** 20)
  .regex(/^data:image\//, { error: "must be a data:image/ address" });

/** Where /next says that a picture is. */
const PICTURE = /^\/picture\?/;

/** What /next gave may come back: of a document that is known nothing is read again. */
const uriOrShown = z
  .string()
  .max(4 * 2 ** 20)
  .regex(/^(data:image\/|\/picture\?)/, { error: "must be a data:image/ address, or that of /next" });

const content = {
  text: text.optional(),
  uri: uri.optional().describe("data:image/…;base64,…"),
  modality: z.enum(["text", "image"]).optional(),
  tags: z.record(z.string(), z.unknown()).optional(),
};

/** A document of the fine-tuner's data model as /feed takes it. */
export const fedDocument = z.strictObject({ id: id.optional(), ...content });

/** A question with its labelled matches as /fit takes it; what is known by its id is not read again. */
export const labelledDocument = z.strictObject({
  ...{ id, ...content, uri: uriOrShown.optional().describe("data:image/…;base64,…, or as /next gives it") },
  matches: z
    .array(
      z.strictObject({
        ...{
          id,
          ...content,
          uri: uriOrShown.optional().describe("data:image/…;base64,…, or as /next gives it"),
        },
        tags: z
          .looseObject({
            finetuner_label: z
              .literal([1, -1])
              .describe("1 positive, −1 negative: the flat tag that the loss reads"),
          })
          .describe("with finetuner_label"),
        scores: z.unknown().optional(),
      }),
    )
    .max(1000)
    .default([])
    .describe("none: the question is ignored"),
});

/** Answers without the addresses of /next, which are no pictures of their own. */
export function ownPictures(
  documents: readonly z.infer<typeof labelledDocument>[],
): z.infer<typeof labelledDocument>[] {
  const own = <D extends { uri?: string | undefined }>({ uri: given, ...rest }: D) =>
    (given === undefined || PICTURE.test(given) ? rest : { ...rest, uri: given }) as D;
  return documents.map((document) => ({ ...own(document), matches: document.matches.map(own) }));
}

/** As /next gives it. */
const shownDocument = z.object({
  id: z.string(),
  text: z.string().optional(),
  uri: z.string().optional().describe("address of the picture on this server"),
  tags: z.record(z.string(), z.unknown()).optional(),
});

export const shownQuestion = shownDocument.extend({
  matches: z.array(shownDocument.extend({ scores: z.object({ cosine: z.number() }) })),
});

export const counters = z.object({
  done: z.number().describe("questions answered, ignored ones among them"),
  left: z.number(),
  positive: z.number(),
  negative: z.number(),
  ignored: z.number().describe("questions answered without a label"),
  documents: z.number(),
  loss: z.number().nullable().describe("mean of the last answer's steps"),
  steps: z.number(),
  recentPrecision: z
    .number()
    .nullable()
    .describe("share of positives among what the last 20 questions showed"),
  saved: z.object({ to: z.string(), answers: z.number() }).nullable(),
});
