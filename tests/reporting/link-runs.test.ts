import { describe, expect, it } from "vitest";
import { linkRuns } from "../../lib/reporting/link-runs.js";
import { resultsTable } from "../../lib/reporting/results-table.js";
import { resultsHtml, resultsMarkdown } from "../../lib/reporting/results-table-view.js";

describe("linkRuns", () => {
  const runs = [1, 2].map((seed) => ({ seed, dir: `reports/runs/a task/run-${seed}` }));
  const table = resultsTable(
    [
      {
        system: "A",
        runs,
        values: {
          m: [
            [0, 1],
            [1, 1],
          ],
        },
      },
    ],
    { baseline: null },
  );

  it("links every seed's folder from where the page will be", () => {
    const linked = linkRuns(table, "reports");
    expect(linked.rows[0]!.runs.map((run) => run.link)).toEqual([
      "runs/a%20task/run-1/",
      "runs/a%20task/run-2/",
    ]);
    expect(linkRuns(table, "reports/thesis").rows[0]!.runs[0]!.link).toBe("../runs/a%20task/run-1/");
    expect(resultsHtml(linked)).toContain(
      '<a href="runs/a%20task/run-1/">run 1</a> <a href="runs/a%20task/run-2/">run 2</a>',
    );
    expect(resultsMarkdown(linked)).toContain(
      "| 2 [run 1](<runs/a%20task/run-1/>) [run 2](<runs/a%20task/run-2/>) |",
    );
  });

  it("leaves the table that it was given alone", () => {
    expect(table.rows[0]!.runs[0]).toEqual(runs[0]);
  });
});
