import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { copyAipOutputs } from "../../lib/cluster/aip-outputs.js";
import { RunFolder } from "../../lib/tracking/run-folder.js";

it("copies model and events to the places that Vertex AI names, and nothing without them", async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-aip-"));
  const run = new RunFolder(path.join(root, "run"));
  fs.mkdirSync(path.dirname(run.model), { recursive: true });
  fs.writeFileSync(run.model, "weights");
  expect(await copyAipOutputs(run, {})).toBe(0);
  const env = { AIP_MODEL_DIR: path.join(root, "model/"), AIP_TENSORBOARD_LOG_DIR: path.join(root, "logs/") };
  expect(await copyAipOutputs(run, env)).toBe(1);
  expect(fs.readFileSync(path.join(root, "model/model.safetensors"), "utf8")).toBe("weights");
  fs.mkdirSync(run.tensorboard);
  fs.writeFileSync(path.join(run.tensorboard, "events.1"), "e");
  expect(await copyAipOutputs(run, env)).toBe(2);
  expect(fs.readFileSync(path.join(root, "logs/events.1"), "utf8")).toBe("e");
});
