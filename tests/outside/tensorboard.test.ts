import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { TensorBoardLog } from "../../lib/tracking/tensorboard-log.js";
import { pythonWith } from "./places.js";

it("TensorBoard reads back what we log: scalars, and the layout of charts", async ({ task }) => {
  const packages = ["tensorboard==2.21.0", "setuptools<81"];
  Object.assign(task.meta, { against: packages[0] });
  const python = await pythonWith(packages);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-tensorboard-"));
  const log = new TensorBoardLog(folder);
  log.write([
    { step: 64, name: "Loss/train", value: 1.5 },
    { step: 128, name: "Loss/train", value: 0.75 },
    { step: 128, name: "Recall@10/typos_prob=0.5", value: 0.25 },
  ]);
  log.close();
  const printed = execFileSync(python, ["tests/fixtures/tracking/generate.py", folder], { encoding: "utf8" });
  expect(printed).toMatch(/^Loss\/train \[\(64, 1\.5, [\d.]+\), \(128, 0\.75, [\d.]+\)\]$/m);
  expect(printed).toMatch(/^Recall@10\/typos_prob=0\.5 \[\(128, 0\.25, [\d.]+\)\]$/m);
  const layout = printed.split("\n").find((line) => line.startsWith("custom_scalars__config__"))!;
  expect([...layout.matchAll(/title: "(.*?)"/g)].map(([, title]) => title)).toEqual([
    "metrics",
    "loss",
    "averageLoss",
  ]);
  fs.rmSync(folder, { recursive: true });
});
