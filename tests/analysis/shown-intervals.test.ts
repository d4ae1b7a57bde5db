import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { summaryTable } from "../../lib/analysis/summary.js";
import { systemsTable } from "../../lib/analysis/tables/systems-table.js";
import { Random } from "../../lib/engine/random/random.js";
import { newManifest, type QueryResult, RunFolder } from "../../lib/tracking/run-folder.js";

it("prints one interval of a number after training and in a report, and reads queries anew only when they changed", () => {
  const random = new Random(5);
  const run = new RunFolder(path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-shown-")), "task", "run"));
  run.writeManifest(
    newManifest({
      ...{
        kind: "dense",
        system: "one",
        taskId: "task",
        runId: "run",
        seed: 7,
        backend: "cpu",
        engine: "tfjs",
      },
      ...{ dataset: { name: "made", dir: "", fingerprint: "0" }, counts: {} },
    }),
  );
  const results = Array.from({ length: 80 }, (_, i): QueryResult => {
    const values = { "Recall@10": random.next() };
    return { set: "test", typo: 0, id: `q${i}`, query: "q", relevant: [], top: [], values };
  });
  run.writeQueries(results);
  const [row] = summaryTable(run.queries(), "after training").rows;
  const shown = row!.cells.at(-1);
  const table = systemsTable([run], { set: "test", measures: ["Recall@10"], baseline: "one" });
  const { mean, low, high } = table.rows[0]!.cells[0]!;
  expect(shown).toEqual({
    text: mean.toFixed(3),
    detail: `[${low.toFixed(3)}, ${high.toFixed(3)}]`,
  });
  expect(run.queries()[0]).toBe(run.queries()[0]); // parsed once
  run.writeQueries(results.slice(0, 40));
  expect(run.queries()).toHaveLength(40);
});

it("shows the largest slices of each set alone where a terminal would scroll, after the rows of all", () => {
  const result = (i: number, slice: string): QueryResult => {
    const values = { "Recall@10": i % 2 };
    return { set: "test", typo: 0, id: `q${i}`, query: "q", relevant: [], top: [], values, slice };
  };
  // slice s has s + 1 queries
  const slices = Array.from({ length: 6 }, (_, s) => Array.from({ length: s + 1 }, () => `s${s}`)).flat();
  const results = slices.map((slice, i) => result(i, slice));
  const names = (table: ReturnType<typeof summaryTable>) => table.rows.map(({ cells }) => cells[1]!);
  const text = (cells: unknown[]) => cells.map((cell) => (typeof cell === "object" ? cell : { text: cell }));
  const short = summaryTable(results, "few", 2);
  expect(text(names(short))).toMatchObject([{ text: "all" }, { text: "s4" }, { text: "s5" }]);
  expect(short.notes?.at(-1)).toBe("4 slices with fewer queries are not shown; qdrl compare shows all.");
  expect(names(summaryTable(results, "all"))).toHaveLength(7);
});
