// Where a graph's time goes: sums ONNX Runtime's record of a run's operators.
//   QDRL_PROFILE=/tmp/step node --import tsx bench/transformer-step.ts small jit 3 && node --import tsx bench/operator-times.ts /tmp/step*.json
import { readFileSync } from "node:fs";

interface Event {
  cat: string;
  name: string;
  dur: number;
  args?: { op_name?: string };
}

for (const file of process.argv.slice(2)) {
  const events: Event[] = JSON.parse(readFileSync(file, "utf8"));
  const runs = events.filter(({ name }) => name === "model_run");
  const nodes = events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"));
  if (runs.length === 0) continue;
  const times = new Map<string, { us: number; calls: number }>();
  for (const { dur, args } of nodes) {
    const entry = times.get(args?.op_name ?? "") ?? { us: 0, calls: 0 };
    times.set(args?.op_name ?? "", { us: entry.us + dur, calls: entry.calls + 1 });
  }
  const perRun = (us: number) => us / runs.length / 1000;
  const whole = perRun(runs.reduce((sum, { dur }) => sum + dur, 0));
  console.log(`${file}: ${runs.length} runs of ${whole.toFixed(1)} ms`);
  for (const [operator, { us, calls }] of [...times].sort((a, b) => b[1].us - a[1].us).slice(0, 14))
    console.log(
      `  ${operator.padEnd(24)} ${perRun(us).toFixed(2).padStart(9)} ms ${((100 * perRun(us)) / whole).toFixed(0).padStart(3)} %  ${calls / runs.length} calls`,
    );
}
