/** What an operator of a graph took. */
export interface OperatorTime {
  operator: string;
  /** in all its calls of a run, on average over runs */
  ms: number;
  /** of a run */
  calls: number;
}

interface RecordedEvent {
  cat: string;
  name: string;
  dur: number;
  args?: { op_name?: string };
}

/** Times by operator, the longest first, out of ONNX Runtime's records of runs (JSON). */
export function operatorTimes(records: readonly string[]): OperatorTime[] {
  const events = records.flatMap((record) => JSON.parse(record) as RecordedEvent[]);
  const runs = events.filter(({ name }) => name === "model_run").length;
  const sums = new Map<string, { us: number; calls: number }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
    const operator = args?.op_name ?? "";
    const sum = sums.get(operator) ?? { us: 0, calls: 0 };
    sums.set(operator, { us: sum.us + dur, calls: sum.calls + 1 });
  }
  return [...sums]
    .map(([operator, { us, calls }]) => ({ operator, ms: us / 1000 / runs, calls: calls / runs }))
    .sort((a, b) => b.ms - a.ms);
}
