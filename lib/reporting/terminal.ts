import cliProgress from "cli-progress";
import type { Listener, Progress } from "../engine/progress.js";
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
    const rate = seconds > 0 ? progress.done / seconds : 0;
    const left = rate > 0 ? (progress.total - progress.done) / rate : 0;
    const payload = {
      rate: humanCount(rate),
      left: humanTime(left),
      unit: progress.unit,
      note: progress.note ?? "",
    };
    if (this.bar) this.bar.update(progress.done, payload);
    else if (progress.done >= progress.total || performance.now() - this.lastLine > 5000) {
      this.lastLine = performance.now();
      const share = Math.round((100 * progress.done) / Math.max(1, progress.total));
      this.stream.write(
        `  ${progress.task}: ${share} % of ${progress.total.toLocaleString("en")} ${progress.unit}, ${payload.rate}/s${share < 100 ? `, ${payload.left} left` : `, ${humanTime(seconds)}`}${payload.note ? `, ${payload.note}` : ""}\n`,
      );
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
        format: "  {task} [{bar}] {percentage}% · {value}/{total} {unit} · {rate}/s · {left} left · {note}",
        stream: this.stream,
        hideCursor: true,
        fps: 10,
        barsize: 24,
        emptyOnZero: true,
      },
      cliProgress.Presets.shades_classic,
    );
    this.bar.start(progress.total, 0, {
      task: progress.task,
      rate: "–",
      left: "–",
      unit: progress.unit,
      note: "",
    });
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

/** 1,234 → "1,234", 56,789 → "57k". */
export function humanCount(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
}

/** Seconds as "42 s", "3 min 20 s" or "2 h 05 min". */
export function humanTime(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}
