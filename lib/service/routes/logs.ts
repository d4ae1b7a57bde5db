import fs from "node:fs";
import readline from "node:readline";
import { z } from "zod";
import { logFileOf, readableLine } from "../../tracking/log-file.js";
import { route } from "../route.js";
import type { Service } from "../service.js";
import { checkState } from "../state-guards.js";
import { streamLog } from "../stream-log.js";
import { runParams } from "./runs.js";

const tag = "logs";
const base = "/api/v1/experiments/:experiment/runs/:run";

async function loggedRun(id: string, { jobs }: Service): Promise<string> {
  const { state, message } = await jobs.status(id);
  checkState("logs", id, state, message);
  return logFileOf(jobs.dirOf(id));
}

const logs = route({
  ...{ method: "GET", url: `${base}/logs`, tag, summary: "A run's log so far, as text or lines of JSON" },
  params: runParams,
  query: z.strictObject({ format: z.enum(["text", "jsonl"]).default("text") }),
  sends: "text/plain",
  handle: async ({ params, query, reply }, service) => {
    const file = await loggedRun(`${params.experiment}/${params.run}`, service);
    reply.type(query.format === "text" ? "text/plain; charset=utf-8" : "application/jsonl");
    if (!fs.existsSync(file)) return "";
    const bytes = fs.createReadStream(file);
    if (query.format === "jsonl") return bytes;
    return readable(bytes);
  },
});

async function* readableText(bytes: fs.ReadStream): AsyncGenerator<string> {
  for await (const line of readline.createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY }))
    if (line !== "") yield `${readableLine(line)}\n`;
}

async function readable(bytes: fs.ReadStream) {
  const { Readable } = await import("node:stream");
  return Readable.from(readableText(bytes));
}

const stream = route({
  ...{
    method: "GET",
    url: `${base}/logstream`,
    tag,
    summary: "A run's log as server-sent events, until the run ends",
  },
  params: runParams,
  query: z.strictObject({
    from: z.coerce
      .number()
      .pipe(z.int().min(0))
      .optional()
      .describe("byte of the log to go on from: the id of the last event"),
    format: z.enum(["text", "jsonl"]).default("text").describe("what an event's data are"),
  }),
  sends: "text/event-stream",
  handle: async ({ params, query, request, reply }, service) => {
    const id = `${params.experiment}/${params.run}`;
    await service.jobs.status(id);
    const last = Number(request.headers["last-event-id"]);
    const from = query.from ?? (Number.isSafeInteger(last) && last >= 0 ? last : 0);
    await streamLog(reply, {
      file: logFileOf(service.jobs.dirOf(id)),
      ...{ from, format: query.format },
      state: async () => (await service.jobs.status(id)).state,
      stopping: service.stopping,
    });
  },
});

export const runLogs = [logs, stream];
