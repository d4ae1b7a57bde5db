import type { OpenedRuns } from "./opened-runs.js";
import type { ServedRuns } from "./served-runs.js";

/** What routes work with. */
export interface Service {
  /** Runs by name. */
  readonly runs: ServedRuns;
  /** Runs that answer queries, opened when they are asked for. */
  readonly opened: OpenedRuns;
}
