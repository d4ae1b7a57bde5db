import path from "node:path";
import type { Listener } from "../engine/progress.js";
import { FolderObjects } from "../files/objects/folder-objects.js";
import type { Objects } from "../files/objects/objects.js";
import { Jobs } from "./jobs.js";
import { OpenedRuns } from "./opened-runs.js";
import { ServedRuns } from "./served-runs.js";
import type { Service } from "./service.js";

export interface ServiceOptions {
  /** Folder of experiments, each a folder of runs. Default reports/runs. */
  root?: string;
  /** Run folders to be served beside those of the root. */
  runs?: readonly string[];
  /** Folder, s3:// or gs:// whose queue workers elsewhere do (`qdrl work`). Default: the root's own, for this machine. */
  store?: Objects;
  /** Bytes of an upload. Default 4 GiB. */
  uploadLimit?: number;
  listener?: Listener;
}

/** Runs that are kept open. */
const OPENED = 4;

/**
 * What the routes of a server work with.
 *
 * @returns the service, and what ends it: streams end at once, then every run is closed
 */
export function openService(options: ServiceOptions = {}): { service: Service; close(): Promise<void> } {
  const { root = "reports/runs", runs = [], uploadLimit = 4 * 2 ** 30, listener = {}, store } = options;
  const stopping = new AbortController();
  const service: Service = {
    runs: new ServedRuns(root, runs),
    opened: new OpenedRuns(Math.max(OPENED, runs.length), listener),
    jobs: new Jobs(root, store ?? new FolderObjects(path.join(root, ".service")), store !== undefined),
    uploadLimit,
    stopping: stopping.signal,
  };
  return {
    service,
    close: async () => {
      stopping.abort();
      await service.opened.close();
    },
  };
}
