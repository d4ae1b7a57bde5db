import { type Objects, objectText } from "../files/objects/objects.js";
import type { LogLine } from "../tracking/log-file.js";
import { type Attempt, attemptOf } from "./run-queue.js";

/**
 * Forwards what an attempt says to `attempts/<n>/log/<part>.jsonl`, a part at a time: buckets cannot append. A part that
 * could not be written is kept and tried again with the next.
 */
export class RunLog {
  private waiting: string[] = [];
  private part = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly objects: Objects,
    private readonly attempt: Attempt,
    private readonly worker: string,
  ) {}

  add(message: string): void {
    const { id: run, number: attempt } = this.attempt;
    const line: LogLine = {
      time: new Date().toISOString(),
      level: "info",
      run,
      attempt,
      worker: this.worker,
      event: "line",
      message,
    };
    this.waiting.push(`${JSON.stringify(line)}\n`);
  }

  /** Writes what waits. @throws where the store cannot be written */
  flush(): Promise<void> {
    const next = this.writing.then(async () => {
      const lines = this.waiting.slice();
      if (lines.length === 0) return;
      const name = String(this.part).padStart(8, "0");
      const key = `${attemptOf(this.attempt.id, this.attempt.number)}/log/${name}.jsonl`;
      await this.objects.put(key, lines.join(""));
      this.part++;
      this.waiting = this.waiting.slice(lines.length);
    });
    this.writing = next.catch(() => {});
    return next;
  }
}

/** All that a run's attempts said, in order. */
export async function readRunLog(objects: Objects, id: string): Promise<LogLine[]> {
  const listed = await objects.list(`runs/${id}/attempts/`);
  const parts = listed
    .filter(({ key }) => /\/log\/\d+\.jsonl$/.test(key))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const lines: LogLine[] = [];
  for (const { key } of parts) {
    const text = (await objectText(objects, key)) ?? "";
    for (const line of text.split("\n")) if (line !== "") lines.push(JSON.parse(line));
  }
  return lines;
}
