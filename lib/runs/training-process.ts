import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Progress } from "../engine/progress.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { compiledFolder, moduleFile } from "../files/package-files.js";

/** How a training in a process of its own ended. */
export interface TrainingEnd {
  /** 0 done; 42 never again, for configuration or data are bad; 1 again, for the machine or the process had trouble */
  code: 0 | 1 | 42;
  /** what went wrong; "" if nothing did */
  message: string;
}

/** What a training says while it is under way. */
export interface TrainingNews {
  /** another process works on the run, and this one waits for it */
  wait?(line: string): void;
  line?(line: string): void;
  progress?(progress: Progress): void;
}

type Message =
  | { kind: "wait" | "line"; line: string }
  | { kind: "progress"; progress: Progress }
  | { kind: "done" }
  | { kind: "failed"; message: string; permanent: boolean };

/** A process that trains the configurations that it is sent, and ends with this one, by whatever end. */
export function startTrainingProcess(): ChildProcess {
  const folder = compiledFolder();
  const loader = folder === null ? "tsx" : pathToFileURL(path.join(folder, "start.js")).href;
  return fork(moduleFile("lib/runs/training-worker.ts"), {
    execArgv: ["--import", loader],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/**
 * Has a process of {@link startTrainingProcess} train a configuration. It never throws: a process that ends meanwhile, killed by
 * whomever, is an end with code 1.
 *
 * @param threads  of the fused engine; the numbers do not depend on it
 */
export function trainInProcess(
  worker: ChildProcess,
  config: ExperimentConfig,
  news: TrainingNews,
  threads = 1,
): Promise<TrainingEnd> {
  return new Promise((resolve) => {
    const end = (code: TrainingEnd["code"], message: string) => {
      worker.off("message", read);
      worker.off("exit", gone);
      resolve({ code, message });
    };
    const gone = (code: number | null, signal: string | null) =>
      end(1, `the worker ended with ${signal ?? `code ${code}`}`);
    const read = (message: Message) => {
      if (message.kind === "progress") news.progress?.(message.progress);
      else if (message.kind === "done") end(0, "");
      else if (message.kind === "failed") end(message.permanent ? 42 : 1, message.message);
      else news[message.kind]?.(message.line);
    };
    worker.on("message", read);
    worker.on("exit", gone);
    if (worker.exitCode !== null || worker.signalCode !== null) gone(worker.exitCode, worker.signalCode);
    else worker.send({ config, threads });
  });
}
