import fs from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { labelCurve } from "../../lib/analysis/label-curve.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

describe("labelCurve", () => {
  it("puts runs at their labelled pairs, those without any a tenth below the fewest, seeds as one point", async () => {
    const run = (labels: number, seed: number) =>
      train(
        loadConfig(tiny.config(), [
          ...[`run_id=l${labels}-${seed}`, `seed=${seed}`, "num_epochs=1", "batch_size=16"],
          ...[`dataset.labelled_pairs=${labels}`, "dataset.document_pairs=document_name"],
        ]),
      );
    const runs = [await run(0, 1), await run(40, 1), await run(40, 2)];
    const set = runs[0]!.queries()[0]!.set;
    const { data, layout } = labelCurve([{ name: "with titles", runs }], { set, measure: "Recall@5" });
    const curve = data.find((line) => line["mode"] === "lines+markers")!;
    expect(curve["x"]).toEqual([4, 40]);
    const mean = (of: typeof runs) => {
      const values = of.flatMap((one) =>
        one
          .queries()
          .filter(({ typo }) => typo === 0)
          .map(({ values }) => values["Recall@5"]!),
      );
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const [none, forty] = curve["y"] as number[];
    expect(none).toBeCloseTo(mean([runs[0]!]), 10);
    expect(forty).toBeCloseTo(mean(runs.slice(1)), 10);
    expect((layout["xaxis"] as { ticktext: string[] }).ticktext).toEqual(["none", "40"]);
  });
});
