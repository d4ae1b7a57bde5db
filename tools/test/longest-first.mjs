import path from "node:path";
import { BaseSequencer } from "vitest/node";
import { BUDGET, LISTED } from "./cpu-budget.mjs";

/**
 * Starts test files with the longest first, by what they are listed to take, so that no core waits for a long one at the
 * end. vitest alone goes by the size of files where it has no timings, as on a clean clone.
 */
export class LongestFirst extends BaseSequencer {
  async sort(specs) {
    const seconds = ({ project, moduleId }) =>
      LISTED[path.relative(project.config.root, moduleId)]?.most ?? BUDGET;
    return (await super.sort(specs)).sort((a, b) => seconds(b) - seconds(a));
  }
}
