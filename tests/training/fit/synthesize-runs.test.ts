import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { openSearch } from "../../../lib/retrieval/retrievers/search-run.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { synthesizeFromRuns } from "../../../lib/training/fit/synthesize-runs.js";
import { train } from "../../../lib/training/train.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

beforeAll(async () => void (await selectBackend("wasm")));

describe("synthesizeFromRuns", () => {
  it("teaches a student the margins of one run between the documents that another finds", async () => {
    const tiny = tinyDataset();
    const run = async (id: string, seed: number) =>
      (await train(loadConfig(tiny.config({ run_id: id, seed, num_epochs: 2 })), { fresh: true })).dir;
    const [miner, scorer] = [await run("synthesis-miner", 1), await run("synthesis-scorer", 2)];
    const queries = ["w1 w2", "w3", "w5 w1"];
    const { documents, expected, queriesWithout } = await synthesizeFromRuns(miner, scorer, queries, {
      numRelations: 4,
    });
    expect([documents.length, expected, queriesWithout]).toEqual([9, 9, 0]);
    const [find, score] = [await openSearch(miner), await openSearch(scorer)];
    for (const query of queries) {
      const found = (await find(query, 4)).map(({ name }) => name);
      const scores = new Map((await score(query, 1000)).map(({ name, score: s }) => [name, s]));
      const best = Math.max(...found.map((name) => scores.get(name)!));
      const own = documents.filter(({ chunks }) => chunks![0]!.text === query);
      expect(own).toHaveLength(3);
      for (const { chunks, tags } of own) {
        expect(found).toContain(chunks![2]!.text);
        expect(tags!.finetuner_margin).toBeCloseTo(best - scores.get(chunks![2]!.text!)!, 5);
        expect(scores.get(chunks![1]!.text!)).toBeCloseTo(best, 6);
      }
    }
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-synthesis-")), "triplets.jsonl");
    fs.writeFileSync(file, documents.map((one) => JSON.stringify(one)).join("\n"));
    const { history } = await fit({
      ...{ model: "TwoTower", trainData: file, loss: "MarginMSELoss", lossOptions: { similarity: "cosine" } },
      ...{ learningRate: 0.02, batchSize: 3, epochs: 12, seed: 1 },
    });
    expect(history.at(-1)!.trainLoss).toBeLessThan(history[0]!.trainLoss / 2);
  });
});
