import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reevaluateRun } from "../../../lib/evaluation/reevaluate-run.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { train } from "../../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

/** The one store of a run's folder. */
function storeOf(run: string): { vectors: string; key: string } {
  const dir = path.join(run, "embeddings");
  const names = fs.readdirSync(dir);
  expect(names).toHaveLength(1);
  const folder = path.join(dir, names[0]!);
  return {
    vectors: path.join(folder, "vectors.f32"),
    key: JSON.parse(fs.readFileSync(path.join(folder, "store.json"), "utf8")).key,
  };
}

describe("a run whose documents are embedded by ONNX Runtime", () => {
  it("keeps their embeddings, goes on with half of them, and makes them anew for other weights", async () => {
    const settings = ["recall_validation.encode_with=onnx", "num_epochs=1"];
    const run = await train(loadConfig(tiny.config(), settings));
    const trained = run.queries();
    await reevaluateRun(run.dir);
    expect(run.queries()).toEqual(trained);
    const { vectors, key } = storeOf(run.dir);
    const bytes = fs.readFileSync(vectors);
    expect(bytes.length).toBe(48 * 4 * 16); // documents, bytes, dimensions

    fs.truncateSync(vectors, bytes.length / 2 + 5);
    await reevaluateRun(run.dir);
    expect(fs.readFileSync(vectors).equals(bytes)).toBe(true);
    expect(run.queries()).toEqual(trained);

    // what lies there is taken, not made again
    fs.writeFileSync(vectors, Buffer.alloc(bytes.length, 1));
    await reevaluateRun(run.dir);
    expect(run.queries()).not.toEqual(trained);

    const longer = await train(loadConfig(tiny.config(), [...settings, "num_epochs=2"]));
    const after = longer.queries();
    await reevaluateRun(run.dir);
    expect(storeOf(run.dir).key).not.toBe(key);
    expect(run.queries()).toEqual(after);
  });
});
