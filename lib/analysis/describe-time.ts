import type { RunFolder } from "../tracking/run-folder.js";

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
