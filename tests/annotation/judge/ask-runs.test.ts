import fs from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { askRuns } from "../../../lib/annotation/judge/ask-runs.js";
import { buildJudgingTask } from "../../../lib/annotation/judge/build-judging-task.js";
import { runExperiment } from "../../../lib/runs/run-experiment.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true }));

it("queries of one's own are asked of the runs, each known by its text", async () => {
  const dirs: string[] = [];
  for (const [name, column] of [
    ["names", "document_name"],
    ["kinds", "document_category_id"],
  ] as const) {
    const file = path.join(tiny.root, `${name}.yaml`);
    const section = { k: [5], query_typo_probabilities: [0] };
    fs.writeFileSync(
      file,
      JSON.stringify({
        ...{ system: "bm25", task_id: "tiny", run_id: name, name, dataset_dir: tiny.dir },
        ...{ output_dir: path.join(tiny.root, "runs"), document_text: [column], recall_validation: section },
      }),
    );
    dirs.push((await runExperiment(file, { listener: {} })).dir);
  }
  const sources = await askRuns(dirs, ["pink lamp", "", " shoe "], 5, {});
  const task = await buildJudgingTask(sources, { k: 5 });
  expect([task.set, task.systems]).toEqual(["asked", ["names", "kinds"]]);
  expect(task.queries.map(({ id, text }) => [id, text])).toEqual([
    ["pink lamp", "pink lamp"],
    ["shoe", "shoe"],
  ]);
  const found = (query: number, system: number) =>
    task.queries[query]!.lists[system]!.map((document) => task.documents[document]!.texts[0]!);
  expect(found(0, 0)[0]).toBe("pink lamp");
  expect(found(0, 1).every((name) => name.endsWith("lamp"))).toBe(true);
  // fewer documents than k are all that there are
  const few = await buildJudgingTask(await askRuns(dirs, ["pink"], 10, {}), { k: 10 });
  expect(few.queries[0]!.lists.map((list) => list.length)).toEqual([8, 0]);
  await expect(askRuns(dirs, ["a", "b", " a"], 5, {})).rejects.toThrow(
    'ask: queries must be different, one a line, got "a" twice',
  );
  await expect(askRuns(dirs, [" "], 5, {})).rejects.toThrow("got none");
});
