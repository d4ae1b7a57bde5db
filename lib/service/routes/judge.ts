import { z } from "zod";
import { bundleForBrowser } from "../../analysis/live/bundle-page.js";
import { buildJudgingTask } from "../../annotation/judge/build-judging-task.js";
import { JUDGE_SCRIPT, judgingPage } from "../../annotation/judge/judging-page.js";
import { readJudgingSources } from "../../annotation/judge/judging-sources.js";
import { JudgingStore, OutdatedSession } from "../../annotation/judge/judging-store.js";
import { route } from "../route.js";
import { ServiceError } from "../service-error.js";

const POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** Bytes of a session at most: some ten thousand answers. */
const SESSION_LIMIT = 32 * 2 ** 20;

const address = "/api/v1/judgements";
const tag = "judging";
const task = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe("id of what is judged, as the page has it");
const judge = z.string().min(1).max(100);

const share = z.coerce.number().gt(0).max(1);

const page = route({
  method: "GET",
  url: "/judge",
  summary: "A page to judge what decides which of several runs is better; keeps judgements on the server",
  tag,
  query: z.strictObject({
    runs: z
      .string()
      .max(10_000)
      .describe("names with commas between; the others are compared with the first"),
    set: z.string().max(200).optional().describe("evaluation set; default: the first of the first run"),
    k: z.coerce.number().int().min(1).max(100).default(10).describe("documents of each run that are pooled"),
    measure: z.string().max(100).optional().describe("default: nDCG at k"),
    queries: z.coerce.number().int().min(1).optional().describe("queries that stand for all; default: all"),
    random: share.default(0.2).describe("share of queries and documents asked at random"),
    second: z.coerce.number().min(0).max(1).default(0.1).describe("share of documents asked twice"),
    seed: z.coerce
      .number()
      .int()
      .min(0)
      .max(2 ** 31)
      .default(1),
    judge: judge.optional().describe("name that is filled in"),
  }),
  sends: "text/html; charset=utf-8",
  handle: async ({ query, reply }, { runs }) => {
    const dirs = query.runs.split(",").map((name) => runs.find(name.trim()).dir);
    const { set, measure, queries } = query;
    const asked = await buildJudgingTask(readJudgingSources(dirs, set === undefined ? {} : { set }), {
      ...{ k: query.k, random: query.random, secondPass: query.second, seed: query.seed },
      ...(measure !== undefined && { measure }),
      ...(queries !== undefined && { queries }),
    });
    reply.header("content-security-policy", POLICY);
    return judgingPage(asked, {
      ...{ save: address, script: "/judge.js" },
      ...(query.judge !== undefined && { judge: query.judge }),
    });
  },
});

const script = route({
  ...{ method: "GET", url: "/judge.js", summary: "The script of /judge", tag },
  public: true,
  sends: "text/javascript; charset=utf-8",
  handle: () => bundleForBrowser(JUDGE_SCRIPT),
});

const read = route({
  ...{ method: "GET", url: address, tag, summary: "What a judge's page saved last" },
  query: z.strictObject({ task, judge }),
  sends: "application/json; charset=utf-8",
  handle: ({ query }, { runs }) => {
    const text = new JudgingStore(runs.root).read(query.task, query.judge);
    if (text === null) throw new ServiceError(404, "nothing is saved of this judge for this task");
    return text;
  },
});

const save = route({
  method: "PUT",
  url: address,
  summary: "Save a judge's session: as text, as JSON lines, and as TREC qrels",
  tag,
  bodyLimit: SESSION_LIMIT,
  body: z.strictObject({ text: z.string().max(SESSION_LIMIT).describe("what the page saves to a file") }),
  answer: z.object({ judgements: z.number() }),
  handle: ({ body }, { runs }) => {
    try {
      return { judgements: new JudgingStore(runs.root).save(body.text) };
    } catch (error) {
      if (error instanceof OutdatedSession) throw new ServiceError(409, error.message);
      throw error;
    }
  },
});

export const judging = [page, script, read, save];
