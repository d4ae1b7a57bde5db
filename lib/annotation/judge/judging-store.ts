import fs from "node:fs";
import path from "node:path";
import type { SessionFile } from "../../browser/judging/session-file.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { importSession } from "./import-session.js";
import { fileName, saveJudgements } from "./save-judgements.js";

/** A session with fewer answers than are kept: of a page that was open elsewhere for longer. */
export class OutdatedSession extends UserError {
  override readonly name = "OutdatedSession";
}

/** Sessions that pages save on a server, below its folder of runs: `.judgements/<data set>-<set>-<task>/<judge>.…`. */
export class JudgingStore {
  constructor(private readonly root: string) {}

  private get folder(): string {
    return path.join(this.root, ".judgements");
  }

  private sessionFile(folder: string, judge: string): string {
    return path.join(folder, `${fileName(judge)}.session.json`);
  }

  /** The text that was saved last; null where nothing was. */
  read(task: string, judge: string): string | null {
    const folders = fs.existsSync(this.folder) ? fs.readdirSync(this.folder) : [];
    const found = folders.find((name) => name.endsWith(`-${task}`));
    const file = found && this.sessionFile(path.join(this.folder, found), judge);
    if (!file || !fs.existsSync(file)) return null;
    const text = fs.readFileSync(file, "utf8");
    return (JSON.parse(text) as SessionFile).judge === judge ? text : null;
  }

  /**
   * Saves a session whole: its text, from which the page goes on, and what {@link saveJudgements} writes.
   *
   * @returns judgements that are kept of the judge
   * @throws DataError for a text that is not whole; OutdatedSession for one with fewer answers than are kept
   */
  save(text: string): number {
    const found = importSession(text, "session");
    const { task, judge } = JSON.parse(text) as SessionFile;
    const parts = [task.dataset, task.set].map(fileName).join("-");
    const folder = path.join(this.folder, `${parts}-${fileName(task.id)}`);
    const before = this.read(task.id, judge);
    const kept = before === null ? 0 : (JSON.parse(before) as SessionFile).answers.length;
    if (found.judgements.length < kept)
      throw new OutdatedSession(
        `session: must not have fewer answers than are kept of ${judge} (${kept}), got ${found.judgements.length}; open the page again to go on from them`,
      );
    if (found.judgements.length === 0) return 0;
    const [saved] = saveJudgements(folder, found);
    atomicWriteFile(this.sessionFile(folder, judge), text);
    return saved!.judgements;
  }
}
