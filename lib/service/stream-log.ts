import fs from "node:fs";
import type { FastifyReply } from "fastify";
import type { RunState } from "../cluster/run-queue.js";
import { readableLine } from "../tracking/log-file.js";

/** Between looks at the file, where nothing tells of changes. */
const LOOK_MS = 250;
/** Between comments that keep proxies from hanging up. */
const PULSE_MS = 15_000;
/** Bytes read at a time; a line is shorter. */
const PIECE = 2 ** 20;

export interface LogStreamOptions {
  file: string;
  /** byte to begin at */
  from: number;
  format: "text" | "jsonl";
  state(): Promise<RunState>;
  /** ends the stream */
  stopping: AbortSignal;
}

/**
 * Sends a log as server-sent events, a line an event, as it grows, until the run has ended: then an event `end` whose data are the
 * run's state. An event's id is the byte after its line, so that whoever comes back with it misses nothing and gets nothing
 * twice. A slow reader is waited for, in constant memory.
 */
export async function streamLog(reply: FastifyReply, options: LogStreamOptions): Promise<void> {
  const { file, format, state, stopping } = options;
  let { from } = options;
  reply.hijack();
  const out = reply.raw;
  out.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  out.flushHeaders();
  let pulsed = performance.now();
  try {
    while (!out.destroyed && !stopping.aborted) {
      const before = await state().catch(() => null);
      const { lines, end } = await linesFrom(file, from);
      for (const { text, next } of lines) {
        const data = format === "text" ? readableLine(text) : text;
        if (!out.write(`id: ${next}\ndata: ${data.replace(/\r/g, "").replaceAll("\n", "\ndata: ")}\n\n`))
          await drained(out);
        if (out.destroyed) return;
      }
      from = end;
      if (lines.length > 0) continue;
      if (before === null || before === "FINISHED" || before === "FAILED") {
        out.write(`event: end\ndata: ${before ?? "GONE"}\n\n`);
        return;
      }
      if (performance.now() - pulsed > PULSE_MS) {
        out.write(": still here\n\n");
        pulsed = performance.now();
      }
      await changed(file, stopping);
    }
  } finally {
    out.end();
  }
}

/** Whole lines from a byte on, each with the byte after it; at most about a megabyte of them. */
async function linesFrom(file: string, from: number) {
  const lines: { text: string; next: number }[] = [];
  const handle = await fs.promises.open(file).catch(() => null);
  if (!handle) return { lines, end: from };
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(size - from, PIECE)));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    let at = 0;
    for (let stop = bytes.indexOf(10); stop >= 0 && stop < bytesRead; stop = bytes.indexOf(10, at)) {
      if (stop > at) lines.push({ text: bytes.toString("utf8", at, stop), next: from + stop + 1 });
      at = stop + 1;
    }
    return { lines, end: from + at };
  } finally {
    await handle.close();
  }
}

/** Resolves when the file changes, or after a while. */
function changed(file: string, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let watcher: fs.FSWatcher | null = null;
    const done = () => {
      clearTimeout(timer);
      watcher?.close();
      stopping.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_MS);
    stopping.addEventListener("abort", done);
    try {
      watcher = fs.watch(file, done);
      watcher.on("error", () => {});
    } catch {
      // not there yet, or a file system that tells of no changes: the timer looks again
    }
  });
}

function drained(out: FastifyReply["raw"]): Promise<void> {
  return new Promise((resolve) => {
    out.once("drain", resolve);
    out.once("close", resolve);
  });
}
