import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeFolder } from "../files/make-folder.js";
import { namingFile } from "../files/system-fault.js";
import { UserError } from "../files/user-error.js";
import { type ChartGroup, layoutEvent, scalarEvent, sessionStartEvent, versionEvent } from "./events.js";
import { tfRecord } from "./tf-record.js";

let filesOfThisProcess = 0;

/**
 * Writes an event file that TensorBoard shows: `tensorboard --logdir DIR`.
 *
 * Each call appends one record; a killed process leaves at most the last one torn, which readers pass over. A run
 * that goes on after an interruption opens a second file in the same folder.
 */
export class EventFileWriter {
  readonly file: string;
  private handle: number | null;

  /**
   * @param dir  made if missing
   * @param options.resumedAfterStep  the run goes on after this step: what older files hold of later ones is dropped
   * @param options.wallTimeSec  seconds since 1970, now by default
   */
  constructor(dir: string, options: { resumedAfterStep?: number | null; wallTimeSec?: number } = {}) {
    const { resumedAfterStep = null, wallTimeSec = Date.now() / 1000 } = options;
    makeFolder(dir);
    // TensorBoard reads the files of a folder in the order of their names
    const seconds = String(Math.floor(wallTimeSec)).padStart(10, "0");
    const serial = `${process.pid}.${filesOfThisProcess++}`;
    this.file = path.join(dir, `events.out.tfevents.${seconds}.${os.hostname()}.${serial}`);
    this.handle = fs.openSync(this.file, "a");
    this.append(versionEvent(wallTimeSec));
    if (resumedAfterStep !== null) this.append(sessionStartEvent(resumedAfterStep + 1, wallTimeSec));
  }

  /** @param value NaN and infinities are kept; TensorBoard marks them */
  scalar(tag: string, step: number, value: number, wallTimeSec = Date.now() / 1000): void {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new UserError(`EventFileWriter.scalar: step must be a whole number ≥ 0, got ${step} (${tag})`);
    this.append(scalarEvent(tag, step, value, wallTimeSec));
  }

  /** Lays charts out in the "Custom Scalars" tab; the last layout of a folder counts. */
  layout(groups: readonly ChartGroup[], wallTimeSec = Date.now() / 1000): void {
    this.append(layoutEvent(groups, wallTimeSec));
  }

  /** Syncs and closes the file; closing twice is fine. */
  close(): void {
    if (this.handle === null) return;
    fs.fsyncSync(this.handle);
    fs.closeSync(this.handle);
    this.handle = null;
  }

  private append(event: Uint8Array): void {
    if (this.handle === null)
      throw new UserError(`EventFileWriter: must be open, got a closed one (${this.file})`);
    const { handle } = this;
    namingFile(this.file, () => fs.appendFileSync(handle, tfRecord(event)));
  }
}
