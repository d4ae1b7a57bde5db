// Where a graph's time goes: sums ONNX Runtime's record of runs by operator.
//   QDRL_PROFILE=/tmp/step node --import tsx bench/transformer-step.ts small jit 3 && node --import tsx bench/operator-times.ts /tmp/step*.json
import { readFileSync } from "node:fs";
import { operatorTimes } from "../lib/engine/jit/operator-times.js";

const times = operatorTimes(process.argv.slice(2).map((file) => readFileSync(file, "utf8")));
const whole = times.reduce((sum, { ms }) => sum + ms, 0);
console.log(`a run: ${whole.toFixed(1)} ms in operators`);
for (const { operator, ms, calls } of times.slice(0, 14))
  console.log(
    `  ${operator.padEnd(24)} ${ms.toFixed(2).padStart(9)} ms ${((100 * ms) / whole).toFixed(0).padStart(3)} %  ${calls.toFixed(0)} calls`,
  );
