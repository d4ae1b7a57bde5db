import fs from "node:fs";
import path from "node:path";
import type { Listener, Progress } from "../engine/progress.js";
import { makeFolder } from "../files/make-folder.js";
import { namingFile } from "../files/system-fault.js";

/** A line of a run's log: what a collector of logs finds in every line, and what some lines say besides. */
export interface LogLine {
  /** UTC, ISO 8601 with milliseconds */
  time: string;
  level: "info" | "error";
  /** `<experiment>/<run>` */
  run: string;
  /** which attempt at the run says it, from 1 */
  attempt: number;
  /** who does the attempt: machine and process */
  worker: string;
  /** what the line is about: the start or end of an attempt, an epoch, progress within one, or anything else */
  event: "start" | "epoch" | "progress" | "line" | "end" | "error";
  /** for people */
  message: string;
  /** of an epoch: its number from 1, and its measures by name */
  epoch?: number;
  metrics?: Record<string, number>;
}

/** What every line of one attempt says. */
export type LogContext = Pick<LogLine, "run" | "attempt" | "worker">;

/** Milliseconds between lines about progress within an epoch. */
const PROGRESS_MS = 10_000;

/** Where a run's log is: beside its metrics. */
export function logFileOf(dir: string): string {
  return path.join(dir, "log.jsonl");
}

/**
 * Appends lines of JSON to a run's log. Each is one write to a file opened for appending, so that lines of several processes are
 * not mixed; a line that a kill cut short is ended first.
 */
export class LogFile {
  private readonly handle: number;
  private lastProgress = 0;

  constructor(
    dir: string,
    private readonly context: LogContext,
  ) {
    makeFolder(dir);
    const file = logFileOf(dir);
    this.handle = namingFile(file, () => fs.openSync(file, "a+"));
    const { size } = fs.fstatSync(this.handle);
    const last = Buffer.alloc(1);
    if (size > 0 && fs.readSync(this.handle, last, 0, 1, size - 1) === 1 && last[0] !== 10)
      fs.writeSync(this.handle, "\n");
  }

  write(event: LogLine["event"], message: string, more: Pick<LogLine, "epoch" | "metrics"> = {}): void {
    const level = event === "error" ? "error" : "info";
    const line: LogLine = { time: new Date().toISOString(), level, ...this.context, event, message, ...more };
    fs.writeSync(this.handle, `${JSON.stringify(line)}\n`);
  }

  /** Writes what a listener hears: every line, and progress now and then. */
  listener(): Listener {
    return {
      line: (text) => this.write("line", text),
      progress: (progress) => {
        const now = performance.now();
        if (now - this.lastProgress < PROGRESS_MS) return;
        this.lastProgress = now;
        this.write("progress", inWords(progress));
      },
    };
  }

  close(): void {
    fs.closeSync(this.handle);
  }
}

function inWords({ task, done, total, unit, note }: Progress): string {
  return `${task}: ${done} of ${total} ${unit}${note === undefined ? "" : `, ${note}`}`;
}

/** A line of a log as people read it; one that is no JSON, as a kill leaves it, as it is. */
export function readableLine(line: string): string {
  try {
    const { time, message, level } = JSON.parse(line) as LogLine;
    return `${time.slice(11, 19)} ${level === "error" ? "error: " : ""}${message}`;
  } catch {
    return line;
  }
}
