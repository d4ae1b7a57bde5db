import { bootstrapInterval } from "../metrics/bootstrap.js";
import { plainTable, type Table } from "../reporting/table.js";
import type { KddReport } from "../training/kdd/run-kdd.js";

/** nDCG@5 of every system, with a 95 % bootstrap interval over the queries of the set that was scored last. */
export function kddTable({ systems }: KddReport, testSet: string): Table {
  const tested = systems.every(({ test }) => test !== null);
  const rows = systems.map(({ name, validation, test, perQuery }) => {
    const { low, high } = bootstrapInterval(Object.values(perQuery));
    const interval = `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
    return tested
      ? [name, validation.toFixed(3), { text: test!.toFixed(3), detail: interval }]
      : [name, { text: validation.toFixed(3), detail: interval }];
  });
  const labels = ["System", "nDCG@5, validation", ...(tested ? [`nDCG@5, ${testSet}`] : [])];
  const queries = Object.keys(systems[0]?.perQuery ?? {}).length;
  return plainTable(labels, rows, {
    notes: [
      `95 % bootstrap intervals over ${queries} queries. The ensemble's weight was chosen on validation, the models' epochs too.`,
    ],
  });
}
