import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { Encoder } from "../../lib/encoders/encoder.js";
import { parametersOf } from "../../lib/encoders/parameters.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { valueAndGradients } from "../../lib/engine/ops/gradients.js";
import { Random } from "../../lib/engine/random/random.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { encoderSpec } from "../../lib/experiment/specs.js";
import { resolveTableSizes } from "../../lib/experiment/table-sizes.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import type { Callback } from "../../lib/training/callbacks/callback.js";
import { optimizerOf } from "../../lib/training/create-trainer.js";
import { pairTask } from "../../lib/training/objectives/batch-task.js";
import { embeddingSharding, ParallelTrainer } from "../../lib/training/parallel/parallel-trainer.js";
import { Replicas } from "../../lib/training/parallel/replicas.js";
import { train } from "../../lib/training/train.js";
import { Trainer } from "../../lib/training/trainer.js";
import { drainTables } from "../../lib/training/updates/table-gradients.js";
import { trainedParameters } from "../../lib/training/updates/trained-parameters.js";
import { exampleBatch } from "../encoders/example-encoder.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const PROCESSES = 3;
const tiny = tinyDataset();
const task = pairTask(batchSoftmax({ temperature: 0.2 }));
const ids = new Int32Array(7);
const batchOf = (size: number) => ({
  queries: { size, columns: { query_search_phrase: exampleBatch(size).columns["query"]! } },
  documents: { size, columns: { document_name: exampleBatch(size, 2).columns["title"]! } },
  ...{ queryIds: ids, documentIds: ids },
});
const batch = batchOf(7);

/** What an optimiser would be given: gradients by name, rows of tables in their place. */
function differentiated(encoder: Encoder, result: ReturnType<typeof valueAndGradients>) {
  const out: Record<string, number[]> = { value: [...result.value.dataSync()] };
  for (const [name, gradient] of Object.entries(result.gradients)) out[name] = [...gradient.dataSync()];
  for (const [name, { rows, values }] of Object.entries(drainTables(encoder.tables))) {
    out[`${name} rows`] = [...rows];
    out[`${name} values`] = [...values];
  }
  return out;
}

/** Makes a trainer's gradients visible. */
class OpenTrainer extends ParallelTrainer {
  override differentiate(...args: Parameters<ParallelTrainer["differentiate"]>) {
    return super.differentiate(...args);
  }
}

describe("data-parallel steps", () => {
  const config = resolveTableSizes(
    loadConfig(tiny.config(), ["optimizer.type=adam", "update.clip_norm=0.5"]),
  );
  const make = () => createEncoder(encoderSpec(config), new Random(4));
  let replicas: Replicas;
  let trainer: OpenTrainer;
  beforeAll(async () => {
    await selectBackend("wasm");
    const module = "lib/training/parallel/experiment-replica.ts";
    replicas = new Replicas(
      PROCESSES - 1,
      { module, make: "makeExperimentReplica", options: { config, runSteps: 10 } },
      "wasm",
    );
    const encoder = make();
    trainer = new OpenTrainer(
      encoder,
      task,
      optimizerOf(config, encoder, 10),
      { clipNorm: 0.5 },
      replicas,
      embeddingSharding(encoder, task),
    );
  });
  afterAll(() => trainer.close());

  it("have the gradients of the whole batch, with the negatives that other processes embed", () => {
    const encoder = make();
    const { embed, loss } = task.prepare(batch as never, 0);
    const whole = valueAndGradients(
      () => loss(encoder.embedQueries(embed[0]!.rows), encoder.embedDocuments(embed[1]!.rows)),
      trainedParameters(encoder),
    );
    const expected = differentiated(encoder, whole);
    const got = differentiated(trainer.encoder, trainer.differentiate(batch as never));
    expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, values] of Object.entries(expected)) {
      const largest = Math.max(...values.map(Math.abs));
      const apart = Math.max(...values.map((value, i) => Math.abs(value - got[name]![i]!)));
      expect(apart, name).toBeLessThanOrEqual(1e-6 * Math.max(1, largest));
    }
  });

  it("move the parameters of every process as one process alone would, clipped alike", () => {
    const encoder = make();
    const alone = new Trainer(encoder, task, optimizerOf(config, encoder, 10), { clipNorm: 0.5 });
    for (let step = 0; step < 4; step++) {
      const loss = trainer.trainStep(batch as never)!;
      expect(Math.abs(loss - alone.trainStep(batch as never)!)).toBeLessThan(1e-5);
    }
    // rank 0's parameters, and by the loss above those of all others, whose rows it is made of
    const expected = parametersOf(encoder);
    for (const [name, { data }] of Object.entries(parametersOf(trainer.encoder))) {
      const apart = Math.max(...data.map((value, i) => Math.abs(value - expected[name]!.data[i]!)));
      expect(apart, name).toBeLessThan(1e-4); // four updates of .001 to .01, whose sign Adam takes from small gradients
    }
  });

  it("embed a batch of fewer rows than processes", () => {
    expect(Number.isFinite(trainer.trainStep(batchOf(2) as never))).toBe(true);
  });

  it("end in one line that names the process that died, and what to do", () => {
    process.kill(replicas.pids[1]!, "SIGKILL");
    expect(() => trainer.trainStep(batch as never)).toThrow(
      /^data_parallel: process 2 of 3 must live as long as the training, but it ended; the same command goes on from the last checkpoint$/,
    );
  });
});

describe("a run with data_parallel", () => {
  const run = (runId: string, callbacks: readonly Callback[] = []) => {
    const keys = ["data_parallel=2", "optimizer.type=adam", "num_epochs=3", "checkpoint_every=1"];
    return train(loadConfig(tiny.config(), [...keys, `run_id=${runId}`]), { callbacks });
  };

  it("keeps its checkpoint when a process dies, and goes on from there with the same bytes", async () => {
    const whole = await run("whole");
    const killer: Callback = {
      name: "killer",
      on: { train_epoch_begin: ({ epoch }) => void (epoch === 1 && endReplicas()) },
    };
    await expect(run("killed", [killer])).rejects.toThrow(/^data_parallel: process 1 of 2 must live as long/);
    const killed = await run("killed");
    const model = (dir: string) => fs.readFileSync(path.join(dir, "models/model.safetensors"));
    expect(model(killed.dir)).toEqual(model(whole.dir));
    expect(killed.metrics().filter(({ name }) => name === "Loss/train")).toHaveLength(3);
    expect(whole.manifest().engine).toBe("tfjs, data-parallel over 2 processes");
    const alone = await train(
      loadConfig(tiny.config(), ["run_id=alone", "num_epochs=3", "engine=tfjs", "optimizer.type=adam"]),
    );
    const last = (folder: typeof whole) =>
      folder
        .metrics()
        .filter(({ name }) => name === "Loss/train")
        .at(-1)!;
    expect(Math.abs(last(whole).value - last(alone).value)).toBeLessThan(1e-3);
  });

  it.each([
    ["engine=fused", /engine must be auto or tfjs with data_parallel 2, got fused/],
    ["update.chunk_size=4", /update.chunk_size must be null with data_parallel 2, got 4/],
    ["batch_size=1", /batch_size must be at least 2 with data_parallel 2, got 1/],
  ])("refuses %s", (override, message) => {
    expect(() => loadConfig(tiny.config(), ["data_parallel=2", override])).toThrow(message);
  });
});

/** Kills the processes that this one started for training. */
function endReplicas(): void {
  for (const pid of fs.readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" "))
    if (fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("replica-worker"))
      process.kill(Number(pid), "SIGKILL");
}
