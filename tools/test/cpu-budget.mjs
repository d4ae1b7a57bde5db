/** CPU seconds that a test file may take, loading and child processes included. */
export const BUDGET = 2;

/** Files that may take more: the most they may take, and what for. */
export const LISTED = {
  "tests/training/kill.test.ts": {
    most: 25,
    why: "a run killed and resumed at each of some 25 kinds of write",
  },
};

/**
 * @param {Record<string, number>} seconds  CPU seconds by test file
 * @param {number} count
 * @returns {string[]} a line for each of the `count` slowest files, the slowest first
 */
export function slowestFiles(seconds, count) {
  return Object.entries(seconds)
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([file, value]) => `${value.toFixed(1).padStart(6)} s  ${file}`);
}

/**
 * @param {Record<string, number>} seconds  CPU seconds by test file
 * @param {Record<string, {most: number, why: string}>} [listed]
 * @returns {string[]} a line for each file that took more than it may
 */
export function overBudget(seconds, listed = LISTED) {
  return Object.entries(seconds).flatMap(([file, value]) => {
    const most = listed[file]?.most ?? BUDGET;
    return value > most ? [`${file}: at most ${most} CPU seconds, got ${value.toFixed(1)}`] : [];
  });
}
