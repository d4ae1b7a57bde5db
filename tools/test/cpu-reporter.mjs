import { writeFileSync } from "node:fs";
import path from "node:path";

/**
 * A reporter of vitest's that writes a JSON object of test file → CPU seconds (see measure-cpu.mjs) where
 * $QDRL_CPU_FILE says.
 */
export default class CpuReporter {
  /** @type {Record<string, number>} */
  seconds = {};

  /** @param {import("vitest/node").TestModule} module */
  onTestModuleEnd(module) {
    const { cpuSeconds } = /** @type {{cpuSeconds?: number}} */ (module.meta());
    if (cpuSeconds !== undefined) this.seconds[path.relative(process.cwd(), module.moduleId)] = cpuSeconds;
  }

  onTestRunEnd() {
    if (process.env.QDRL_CPU_FILE) writeFileSync(process.env.QDRL_CPU_FILE, JSON.stringify(this.seconds));
  }
}
