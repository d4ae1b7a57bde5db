import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveThreshold } from "../../lib/evaluation/run-threshold.js";
import { loadConfig, loadStoredConfig } from "../../lib/experiment/load-config.js";
import { readModel } from "../../lib/files/model-file.js";
import { UserError } from "../../lib/files/user-error.js";
import { savedThreshold } from "../../lib/retrieval/retrievers/saved-threshold.js";
import { readCheckpoint } from "../../lib/tracking/checkpoint.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { readTfRecords } from "../../lib/tracking/tf-record.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let run: RunFolder;
beforeAll(async () => {
  tiny = tinyDataset();
  run = await train(loadConfig(tiny.config(), ["num_epochs=2", "keep_checkpoints=1"]));
  await saveThreshold(run.dir, { criterion: { kind: "f1" } });
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

/** What everybody reads of a run, by the file it stands in. */
const readers: Record<string, (file: string) => unknown> = {
  "manifest.json": () => run.manifest(),
  "config.yaml": (file) => loadStoredConfig(file),
  "metrics.jsonl": () => run.metrics(),
  "timings.jsonl": () => run.timings(),
  "queries.jsonl.gz": () => run.queries(),
  "threshold.json": () => savedThreshold(run),
  "models/model.safetensors": (file) => readModel(file),
  "checkpoints/epoch-00002.safetensors": (file) => readCheckpoint(file),
  tensorboard: (file) => {
    const { records, tornBytes } = readTfRecords(fs.readFileSync(file));
    if (tornBytes > 0) throw new UserError(`${file}: torn`); // a reader stops there
    return records;
  },
};

function filesOf(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [path.join(entry.parentPath, entry.name)] : []));
}

/** Numbers of a linear congruential generator in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Maps and typed arrays too, which deep equality of thousands of numbers would take long for. */
const textOf = (value: unknown) =>
  JSON.stringify(value, (_, inner) =>
    ArrayBuffer.isView(inner) ? Buffer.from(inner.buffer as ArrayBuffer).toString("hex") : inner,
  );

describe("a run of which a bit is flipped", () => {
  it("is refused in one line that names the file, or read as it was: 300 flips over all its files", () => {
    const random = numbers(12345);
    const files = filesOf(run.dir);
    const readerOf = (file: string) => {
      const name = path.relative(run.dir, file);
      return readers[name.startsWith("tensorboard") ? "tensorboard" : name];
    };
    expect(files.filter((file) => !readerOf(file))).toEqual([]);
    const silent: string[] = [];
    const clumsy: string[] = [];
    let refused = 0;
    for (let flip = 0; flip < 300; flip++) {
      const file = files[flip % files.length]!;
      const read = readerOf(file)!;
      const whole = fs.readFileSync(file);
      const right = textOf(read(file));
      const changed = Buffer.from(whole);
      const at = Math.floor(random() * (flip % 2 ? whole.length : Math.min(whole.length, 600)));
      const bit = Math.floor(random() * 8);
      changed[at]! ^= 1 << bit;
      fs.writeFileSync(file, changed);
      const where = `${path.relative(run.dir, file)}, byte ${at}, bit ${bit}`;
      try {
        if (textOf(read(file)) !== right) silent.push(where);
      } catch (error) {
        refused++;
        const { message } = error as Error;
        const named = message.includes(path.basename(file)) || file.includes("tensorboard");
        if (!(error instanceof UserError) || !named || message.includes("\n"))
          clumsy.push(`${where}: ${error}`);
      }
      fs.writeFileSync(file, whole);
    }
    expect(silent).toEqual([]);
    expect(clumsy).toEqual([]);
    expect(refused).toBeGreaterThan(250);
  });

  it("was written before there were checksums: it is read as it is", () => {
    const before = fs.readFileSync(path.join(run.dir, "manifest.json"), "utf8");
    const { checksum: _, metrics: __, ...old } = JSON.parse(before);
    try {
      fs.writeFileSync(path.join(run.dir, "manifest.json"), JSON.stringify({ ...old, runFormat: 1 }));
      expect(run.manifest()).toEqual({ ...old, runFormat: 1 });
      expect(run.metrics().length).toBeGreaterThan(0);
      fs.writeFileSync(path.join(run.dir, "manifest.json"), JSON.stringify(old));
      expect(() => run.manifest()).toThrow("must end with its checksum from runFormat 2 on, got none");
    } finally {
      fs.writeFileSync(path.join(run.dir, "manifest.json"), before);
    }
  });
});

describe("a run whose metrics are not those that its checkpoint follows", () => {
  it("does not go on", async () => {
    const longer = loadConfig(tiny.config(), ["num_epochs=3", "keep_checkpoints=1"]);
    const whole = fs.readFileSync(run.metricsFile);
    const goOn = () => train(longer);
    fs.writeFileSync(run.metricsFile, whole.subarray(0, 50));
    const bytes = `${run.metricsFile}: must begin with the ${whole.length} bytes that the checkpoint follows, got`;
    await expect(goOn()).rejects.toThrow(`${bytes} 50; put the file back, or start over with --fresh`);
    expect(fs.readFileSync(run.metricsFile).length).toBe(50);
    fs.rmSync(run.metricsFile);
    await expect(goOn()).rejects.toThrow(`${bytes} 0;`);
    const other = Buffer.from(whole);
    other[30]! ^= 1;
    fs.writeFileSync(run.metricsFile, other);
    await expect(goOn()).rejects.toThrow(`${bytes} others;`);
    fs.writeFileSync(run.metricsFile, whole);
    expect((await goOn()).metrics().at(-1)!.epoch).toBe(2);
  });
});
