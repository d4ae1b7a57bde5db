import { type MachineLimit, type StepWork, shortestSeconds } from "../../fused/machine-limit.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Trainer } from "../trainer.js";

/** Parts of training, in the order in which they are told; what is left of it is "other", or "steps" that told no parts. */
const parts = ["data", "gather", "dense", "update", "wait"] as const;

const wholes = ["train", "validate", "evaluate", "checkpoint"] as const;

const meanings: Record<string, string> = {
  data: "batches made",
  gather: "rows fetched and brought up to date",
  dense: "products and losses",
  update: "table rows moved",
  wait: "threads waiting",
  other: "other",
  steps: "training steps",
  validate: "validation loss",
  evaluate: "evaluation",
  checkpoint: "checkpoints",
};

/** Writes where the time of training goes to timings.jsonl: "train" and, named after it, its parts. */
export class TrainingProfile {
  private data = 0;
  private before: Record<string, number> = {};
  private work: StepWork = { flops: 0, bytes: 0 };

  constructor(
    private readonly run: RunFolder,
    private readonly trainer: Trainer,
  ) {}

  beginEpoch(): void {
    this.data = 0;
    this.before = this.trainer.spent();
    this.work = this.trainer.work() ?? this.work;
  }

  /** Batches, on the clock while they are made or waited for. */
  async *making<T>(batches: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
    let began = performance.now();
    for await (const batch of batches) {
      this.data += (performance.now() - began) / 1000;
      yield batch;
      began = performance.now();
    }
  }

  endEpoch(epoch: number): void {
    const after = this.trainer.spent();
    this.run.appendTiming({ epoch, name: "train.data", seconds: this.data });
    for (const name of parts) {
      const seconds = after[name];
      if (seconds === undefined) continue;
      this.run.appendTiming({ epoch, name: `train.${name}`, seconds: seconds - (this.before[name] ?? 0) });
    }
    const limit = this.trainer.limit();
    const work = this.trainer.work();
    if (limit && work) this.run.appendTiming({ epoch, name: "limit", seconds: this.shortest(work, limit) });
  }

  private shortest(work: StepWork, limit: MachineLimit): number {
    const done = { flops: work.flops - this.work.flops, bytes: work.bytes - this.work.bytes };
    return shortestSeconds(done, limit);
  }
}

/**
 * Where a run's time went, as shares of the whole, and how close its training came to what arithmetic and memory
 * allow, measured on the same machine; null for a run without timings.
 */
export function describeTime(run: RunFolder): string | null {
  const spent = new Map<string, number>();
  for (const { name, seconds } of run.timings()) spent.set(name, (spent.get(name) ?? 0) + seconds);
  const seconds = (name: string) => spent.get(name) ?? 0;
  const whole = wholes.reduce((sum, name) => sum + seconds(name), 0);
  if (whole === 0) return null;
  const told = parts.map((name) => [name as string, seconds(`train.${name}`)] as const);
  const other = seconds("train") - told.reduce((sum, [, part]) => sum + part, 0);
  const splits = parts.some((name) => name !== "data" && spent.has(`train.${name}`));
  const all = [
    ...told,
    [splits ? "other" : "steps", other] as const,
    ...wholes.slice(1).map((name) => [name as string, seconds(name)] as const),
  ];
  const shares = all
    .filter(([, part]) => part / whole >= 0.005)
    .map(([name, part]) => `${meanings[name]} ${((100 * part) / whole).toFixed(0)} %`);
  const limit = seconds("limit");
  const near =
    limit > 0
      ? `; training at ${((100 * limit) / seconds("train")).toFixed(0)} % of what this machine's SIMD arithmetic and memory allow`
      : "";
  return `time: ${whole.toFixed(1)} s: ${shares.join(", ")}${near}`;
}
