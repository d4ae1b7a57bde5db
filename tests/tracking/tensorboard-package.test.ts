import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { TensorBoardLog } from "../../lib/tracking/tensorboard-log.js";

/** A Python that has TensorBoard: QDRL_TENSORBOARD_PYTHON, the workspace's own, or the machine's. */
const python = [process.env["QDRL_TENSORBOARD_PYTHON"], ".venv/bin/python", "python3"].find(
  (name) => name !== undefined && spawnSync(name, ["-c", "import tensorboard"]).status === 0,
);

it("is read back by the tensorboard package: scalars, and the layout of two charts", (context) => {
  if (python === undefined)
    return context.skip('needs a Python with TensorBoard: pip install tensorboard==2.21.0 "setuptools<81"');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-tensorboard-"));
  const log = new TensorBoardLog(folder);
  log.write([
    { step: 64, name: "Loss/train", value: 1.5 },
    { step: 128, name: "Loss/train", value: 0.75 },
    { step: 128, name: "Recall@10/typos_prob=0.5", value: 0.25 },
  ]);
  log.close();
  const { stdout, stderr } = spawnSync(python, ["tests/fixtures/tracking/generate.py", folder], {
    encoding: "utf8",
  });
  expect(stdout, stderr).toMatch(/^Loss\/train \[\(64, 1\.5, [\d.]+\), \(128, 0\.75, [\d.]+\)\]$/m);
  expect(stdout).toMatch(/^Recall@10\/typos_prob=0\.5 \[\(128, 0\.25, [\d.]+\)\]$/m);
  const layout = stdout.split("\n").find((line) => line.startsWith("custom_scalars__config__"))!;
  expect([...layout.matchAll(/title: "(.*?)"/g)].map(([, title]) => title)).toEqual([
    "metrics",
    "loss",
    "averageLoss",
  ]);
  fs.rmSync(folder, { recursive: true });
});
