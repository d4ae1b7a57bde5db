import type { Jobs } from "./jobs.js";
import type { OpenedRuns } from "./opened-runs.js";
import type { ServedRuns } from "./served-runs.js";

/** What routes work with. */
export interface Service {
  /** Runs by name. */
  readonly runs: ServedRuns;
  /** Runs that answer queries, opened when they are asked for. */
  readonly opened: OpenedRuns;
  /** Runs that were asked for, with the data uploaded for them. */
  readonly jobs: Jobs;
  /** Bytes of an upload at most. */
  readonly uploadLimit: number;
  /** Aborted when the service ends: what streams without end ends then. */
  readonly stopping: AbortSignal;
}
