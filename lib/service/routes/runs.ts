import { z } from "zod";
import { jobSchema, nameSchema } from "../job.js";
import { pageOf, pageSchema, paging } from "../paging.js";
import { route } from "../route.js";
import type { Service } from "../service.js";

const tag = "runs";
const base = "/api/v1/experiments/:experiment/runs";
const ofExperiment = z.object({ experiment: nameSchema });

/** Of one run. */
export const runParams = z.object({ experiment: nameSchema, run: nameSchema });

const status = z.object({
  experiment: z.string(),
  name: z.string(),
  state: z.enum(["CREATED", "STARTED", "FINISHED", "FAILED"]),
  attempt: z.int().describe("attempts begun; 0 for a run that was trained without the service"),
  message: z.string().nullable().describe("of the last attempt, if it was no success"),
  device: z.string(),
  createdAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});

const create = route({
  ...{
    method: "POST",
    url: base,
    tag,
    summary: "Ask for a run: an experiment by its configuration, or a fit",
  },
  params: ofExperiment,
  body: z.strictObject({
    name: nameSchema.optional().describe("default: an adjective and a surname"),
    task: z.literal("training").default("training"),
    config: jobSchema,
    device: z.enum(["cpu", "gpu"]).default("cpu").describe("kind of machine whose workers take it"),
  }),
  answer: status,
  handle: async ({ params, body, reply }, { jobs }) => {
    reply.code(201);
    return jobs.create(params.experiment, body.name, body.config, body.device);
  },
});

const page = async (ids: readonly string[], query: z.output<typeof paging>, { jobs }: Service) => {
  const { items, ...rest } = pageOf(ids, query);
  return { items: await Promise.all(items.map((id) => jobs.status(id))), ...rest };
};

const list = route({
  ...{ method: "GET", url: base, tag, summary: "Runs of an experiment, by name" },
  params: ofExperiment,
  query: paging,
  answer: pageSchema(status),
  handle: async ({ params, query }, service) =>
    page(await service.jobs.ids(params.experiment), query, service),
});

const listAll = route({
  ...{ method: "GET", url: "/api/v1/runs", tag, summary: "Runs of all experiments, by name" },
  query: paging,
  answer: pageSchema(status),
  handle: async ({ query }, service) => page(await service.jobs.ids(), query, service),
});

const one = (url: string, summary: string) =>
  route({
    ...{ method: "GET", url, tag, summary },
    params: runParams,
    answer: status,
    handle: ({ params }, { jobs }) => jobs.status(`${params.experiment}/${params.run}`),
  });

const cancel = route({
  ...{ method: "POST", url: `${base}/:run/cancel`, tag, summary: "End a run; it counts as failed" },
  params: runParams,
  answer: status,
  handle: ({ params }, { jobs }) => jobs.cancel(`${params.experiment}/${params.run}`),
});

const removed = z.object({ removed: z.array(z.string()) });

const remove = route({
  ...{ method: "DELETE", url: `${base}/:run`, tag, summary: "Remove a run with its folder and data" },
  params: runParams,
  answer: removed,
  handle: async ({ params }, { jobs }) => {
    const id = `${params.experiment}/${params.run}`;
    await jobs.remove(id);
    return { removed: [id] };
  },
});

const removeAll = route({
  ...{ method: "DELETE", url: base, tag, summary: "Remove all runs of an experiment" },
  params: ofExperiment,
  answer: removed,
  handle: async ({ params }, { jobs }) => {
    await jobs.experiment(params.experiment);
    return { removed: await jobs.removeExperiment(params.experiment) };
  },
});

export const runs = [
  create,
  list,
  listAll,
  one(`${base}/:run`, "A run"),
  one(`${base}/:run/status`, "State of a run"),
  cancel,
  remove,
  removeAll,
];
