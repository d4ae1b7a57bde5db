import fs from "node:fs";
import { z } from "zod";
import { nameSchema } from "../job.js";
import { artifactsOf, MODEL_ARTIFACT } from "../pack-run.js";
import { route } from "../route.js";
import { ServiceError } from "../service-error.js";
import { checkState } from "../state-guards.js";
import { sha256Schema, storedFile, yesNo } from "../stored-file.js";
import { runParams } from "./runs.js";

const tag = "artifacts";
const base = "/api/v1/experiments/:experiment/runs/:run/artifacts";
const params = runParams.extend({ artifact: nameSchema });

const list = route({
  ...{ method: "GET", url: base, tag, summary: "Artifacts of a run; model.zip is what training left" },
  params: runParams,
  answer: z.array(storedFile),
  handle: async ({ params }, { jobs }) => {
    const id = `${params.experiment}/${params.run}`;
    await jobs.status(id);
    return artifactsOf(jobs.dirOf(id)).list();
  },
});

const put = route({
  ...{ method: "PUT", url: `${base}/:artifact`, tag, summary: "Save an artifact of a run" },
  params,
  query: z.strictObject({ sha256: sha256Schema.optional(), public: yesNo.default(false) }),
  stream: true,
  answer: storedFile,
  handle: async ({ params, query, body, request }, { jobs, uploadLimit }) => {
    const id = `${params.experiment}/${params.run}`;
    await jobs.status(id);
    const options = { sha256: query.sha256, public: query.public, limit: uploadLimit };
    return artifactsOf(jobs.dirOf(id)).save(params.artifact, bodyOf(body, request.raw), options);
  },
});

const setPublic = route({
  ...{
    method: "POST",
    url: `${base}/:artifact/public`,
    tag,
    summary: "Hand an artifact out without the token, or no more",
  },
  params,
  body: z.strictObject({ public: z.boolean() }),
  answer: storedFile,
  handle: async ({ params, body }, { jobs }) => {
    const store = artifactsOf(jobs.dirOf(`${params.experiment}/${params.run}`));
    const stored = store.get(params.artifact);
    if (!stored) throw new ServiceError(404, `unknown artifact ${params.artifact}`);
    return store.describe({ ...stored, public: body.public });
  },
});

const get = route({
  ...{
    method: "GET",
    url: `${base}/:artifact`,
    tag,
    summary: "Download an artifact; ranges of bytes are answered",
  },
  params,
  public: true,
  sends: "application/octet-stream",
  handle: async ({ params, request, reply, trusted }, { jobs }) => {
    const id = `${params.experiment}/${params.run}`;
    const store = artifactsOf(jobs.dirOf(id));
    const stored = store.get(params.artifact);
    if (!trusted && !stored?.public)
      throw new ServiceError(401, "token missing or wrong, or the artifact is not public");
    if (params.artifact === MODEL_ARTIFACT) {
      const { state, message } = await jobs.status(id);
      checkState("artifact", id, state, message);
    }
    if (!stored)
      throw new ServiceError(
        404,
        `unknown artifact ${params.artifact} of ${id}; known: ${
          store
            .list()
            .map(({ name }) => name)
            .join(", ") || "none"
        }`,
      );
    reply
      .header("x-sha256", stored.sha256)
      .header("accept-ranges", "bytes")
      .header("etag", `"${stored.sha256}"`);
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    if (first === undefined) {
      reply.header("content-length", stored.bytes);
      return fs.createReadStream(store.fileOf(stored.name), { highWaterMark: 2 ** 18 });
    }
    const start = Number(first);
    const end = Math.min(last ? Number(last) : stored.bytes - 1, stored.bytes - 1);
    if (start > end) {
      reply.header("content-range", `bytes */${stored.bytes}`);
      throw new ServiceError(416, `range: must begin before byte ${stored.bytes}, got ${start}`);
    }
    reply
      .code(206)
      .header("content-range", `bytes ${start}-${end}/${stored.bytes}`)
      .header("content-length", end - start + 1);
    return fs.createReadStream(store.fileOf(stored.name), { start, end, highWaterMark: 2 ** 18 });
  },
});

/** An empty body has no content type, and so no stream of its own. */
function bodyOf(body: unknown, raw: NodeJS.ReadableStream): NodeJS.ReadableStream {
  return (body as NodeJS.ReadableStream | undefined) ?? raw;
}

export const artifacts = [list, put, setPublic, get];
