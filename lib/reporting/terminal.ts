import cliProgress from "cli-progress";
import type { Listener, Progress } from "../engine/progress.js";
import { barLine, progressLine } from "./progress-line.js";
import type { TerminalLook } from "./table-terminal.js";

/** Progress as a bar with rate and time left on a terminal, as a line every few seconds elsewhere. */
export class TerminalListener implements Listener {
  private bar: cliProgress.SingleBar | null = null;
  private task = "";
  private began = 0;
  private lastLine = 0;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  line(text: string): void {
    this.finish();
    this.stream.write(`${text}\n`);
  }

  progress(progress: Progress): void {
    if (progress.task !== this.task) this.begin(progress);
    const seconds = (performance.now() - this.began) / 1000;
    if (this.bar) this.bar.update(progress.done, { progress, seconds });
    else if (progress.done >= progress.total || performance.now() - this.lastLine > 5000) {
      this.lastLine = performance.now();
      this.stream.write(`  ${progressLine(progress, seconds)}\n`);
    }
    if (progress.done >= progress.total) this.finish();
  }

  /** Ends the bar under way; the next report starts another. */
  finish(): void {
    this.bar?.stop();
    this.bar = null;
    this.task = "";
  }

  private begin(progress: Progress): void {
    this.finish();
    this.task = progress.task;
    this.began = performance.now();
    this.lastLine = this.began;
    if (!this.stream.isTTY) return;
    this.bar = new cliProgress.SingleBar(
      {
        format: (_options, _params, payload: { progress: Progress; seconds: number }) =>
          barLine(payload.progress, payload.seconds, this.stream.columns || 80),
        stream: this.stream,
        hideCursor: true,
        fps: 10,
      },
      cliProgress.Presets.shades_classic,
    );
    this.bar.start(progress.total, 0, { progress: { ...progress, done: 0 }, seconds: 0 });
  }
}

/**
 * How tables look on a stream: on a terminal coloured and no wider than the screen (COLUMNS, where it is set, says how
 * wide that is), elsewhere plain and as wide as they get.
 */
export function tableLook(stream: NodeJS.WriteStream = process.stdout): TerminalLook {
  if (stream.isTTY !== true) return {};
  const width = Number(process.env["COLUMNS"]) || stream.columns;
  return { color: true, ...(width > 0 ? { width } : {}) };
}
