import { z } from "zod";
import { nameSchema } from "../job.js";
import { route } from "../route.js";
import { DATA_ROLES, runDataNames, stemOf } from "../run-data-names.js";
import { ServiceError } from "../service-error.js";
import { sha256Schema, storedFile } from "../stored-file.js";
import { runParams } from "./runs.js";

const tag = "data";
const FORMATS = ["csv", "tsv", "jsonl", "parquet"] as const;

const put = route({
  ...{ method: "PUT", url: "/api/v1/experiments/:experiment/runs/:run/data/:role", tag },
  summary: "Upload a table for a run that is yet to be asked for; the name is made",
  params: runParams.extend({ role: z.enum(DATA_ROLES) }),
  query: z.strictObject({ sha256: sha256Schema.optional(), format: z.enum(FORMATS).default("csv") }),
  stream: true,
  answer: storedFile,
  handle: async ({ params, query, body, request }, { jobs, uploadLimit }) => {
    const name = runDataNames(params.experiment, params.run)[params.role];
    if (await jobs.queue.get(`${params.experiment}/${params.run}`))
      throw new ServiceError(409, `${name}: belongs to a run that was asked for already`);
    jobs.removeData(name);
    const stream = (body as NodeJS.ReadableStream | undefined) ?? request.raw;
    return jobs.data.save(`${name}.${query.format}`, stream, { sha256: query.sha256, limit: uploadLimit });
  },
});

const list = route({
  ...{ method: "GET", url: "/api/v1/data", tag, summary: "Uploaded tables" },
  answer: z.array(storedFile),
  handle: (_asked, { jobs }) => jobs.data.list(),
});

const remove = route({
  ...{ method: "DELETE", url: "/api/v1/data/:name", tag, summary: "Remove an uploaded table" },
  params: z.object({ name: nameSchema }),
  answer: z.object({ removed: z.array(z.string()) }),
  handle: ({ params }, { jobs }) => {
    if (!jobs.data.get(params.name)) throw new ServiceError(404, `unknown data ${params.name}`);
    jobs.removeData(stemOf(params.name));
    return { removed: [params.name] };
  },
});

export const data = [put, list, remove];
