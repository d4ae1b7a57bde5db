import { z } from "zod";
import { nameSchema } from "../job.js";
import { pageOf, pageSchema, paging } from "../paging.js";
import { route } from "../route.js";

const tag = "experiments";
const experiment = z.object({ name: z.string(), runs: z.int() });
const named = z.object({ experiment: nameSchema });

const create = route({
  ...{
    method: "POST",
    url: "/api/v1/experiments",
    tag,
    summary: "Create an experiment; one that exists comes back",
  },
  body: z.strictObject({
    name: nameSchema.default("default"),
    description: z.string().max(10_000).nullable().default(null),
  }),
  answer: experiment,
  handle: async ({ body }, { jobs }) => {
    await jobs.createExperiment(body.name, body.description);
    return { name: body.name, runs: (await jobs.ids(body.name)).length };
  },
});

const list = route({
  ...{ method: "GET", url: "/api/v1/experiments", tag, summary: "Experiments, by name" },
  query: paging,
  answer: pageSchema(experiment),
  handle: async ({ query }, { jobs }) => pageOf(await jobs.experiments(), query),
});

const get = route({
  ...{ method: "GET", url: "/api/v1/experiments/:experiment", tag, summary: "An experiment" },
  params: named,
  answer: experiment,
  handle: async ({ params }, { jobs }) => jobs.experiment(params.experiment),
});

const removed = z.object({ removed: z.array(z.string()) });

const remove = route({
  ...{
    method: "DELETE",
    url: "/api/v1/experiments/:experiment",
    tag,
    summary: "Remove an experiment with its runs",
  },
  params: named,
  answer: removed,
  handle: async ({ params }, { jobs }) => {
    await jobs.experiment(params.experiment);
    return { removed: await jobs.removeExperiment(params.experiment) };
  },
});

const removeAll = route({
  ...{ method: "DELETE", url: "/api/v1/experiments", tag, summary: "Remove every run that the service made" },
  answer: removed,
  handle: async (_asked, { jobs }) => {
    const all: string[] = [];
    for (const { name } of await jobs.experiments()) all.push(...(await jobs.removeExperiment(name)));
    return { removed: all };
  },
});

export const experiments = [create, list, get, remove, removeAll];
