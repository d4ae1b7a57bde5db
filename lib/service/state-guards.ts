import type { RunState } from "../cluster/run-queue.js";
import { ServiceError } from "./service-error.js";

/** What can be asked of a run only in some states. */
export type Guarded = "logs" | "metrics" | "examples" | "artifact";

/**
 * Refuses what a run in this state does not have yet, or never will.
 *
 * @throws ServiceError 409
 * @see specs/4-finetuner.md section 8.3, vector run_state_guards
 */
export function checkState(what: Guarded, run: string, state: RunState, message: string | null): void {
  if (state === "CREATED" && what === "logs")
    throw new ServiceError(409, `${run}: logs: is being prepared, there is no log yet`);
  if (what === "logs") return;
  if (state === "CREATED" || state === "STARTED")
    throw new ServiceError(409, `${run}: ${what}: the run is in progress`);
  if (state === "FAILED")
    throw new ServiceError(409, `${run}: ${what}: the run failed${message ? `: ${message}` : ""}`);
}
