import { NEVER_AGAIN } from "../cluster/run-queue.js";
import { PermanentError, permanentIfSo } from "../files/permanent-error.js";
import { systemFault } from "../files/system-fault.js";
import { UserError } from "../files/user-error.js";
import { LogFile } from "../tracking/log-file.js";
import type { Job } from "./job.js";
import type { JobPlace } from "./job-config.js";
import { folderOfJob, performJob } from "./perform-job.js";

/** What a worker is sent. */
export interface JobOrder {
  job: Job;
  place: JobPlace;
  attempt: number;
  /** what the log calls who does it */
  worker: string;
}

/** How it went. */
export interface JobEnd {
  code: number;
  message: string;
}

/** Does one job; a process of its own, which ends with the one that started it: the next attempt goes on from its last checkpoint. */
process.on("disconnect", () => process.exit(1));
process.on("message", async ({ job, place, attempt, worker }: JobOrder) => {
  if (!process.connected) process.exit(1); // its parent went while this process was starting
  const log = new LogFile(folderOfJob(place).dir, {
    run: `${place.experiment}/${place.name}`,
    attempt,
    worker,
  });
  log.write("start", `attempt ${attempt} begins`);
  let end: JobEnd = { code: 0, message: "" };
  try {
    await performJob(job, place, log);
    log.write("end", "finished");
  } catch (error) {
    const fault = systemFault(error) as Error;
    const expected = fault instanceof UserError;
    log.write("error", expected ? fault.message : (fault.stack ?? fault.message));
    end = { code: permanentIfSo(error) instanceof PermanentError ? NEVER_AGAIN : 1, message: fault.message };
  }
  log.close();
  process.send?.(end, () => process.exit(end.code));
});
