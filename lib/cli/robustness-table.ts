import { plainTable, type Table, type TableCell } from "../reporting/table.js";
import type { robustnessCurves } from "../training/robustness.js";

/** Kinds of typo by probability: mean and 95 % interval each; the clean queries in the first row. */
export function robustnessTable(curves: ReturnType<typeof robustnessCurves>, title: string): Table {
  const typos = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.typo)))].filter(
    (p) => p > 0,
  );
  const rows = curves.map(({ model, points }) => {
    const cells = (model === "clean" ? [0] : typos).map((typo): TableCell => {
      const point = points.find((candidate) => candidate.typo === typo);
      if (!point) return { text: "–" };
      return { text: point.mean.toFixed(3), detail: `[${point.low.toFixed(3)}, ${point.high.toFixed(3)}]` };
    });
    while (cells.length < typos.length) cells.push({ text: "" });
    return [model, ...cells];
  });
  const labels = ["typos", ...typos.map((p) => `p = ${p}`)];
  return plainTable(labels, rows, { title, notes: ["Means over queries with 95 % bootstrap intervals."] });
}
