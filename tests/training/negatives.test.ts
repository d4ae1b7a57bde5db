import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});

const metric = (run: RunFolder, name: string) =>
  run
    .metrics()
    .filter((m) => m.name === name)
    .at(-1)?.value;

/** Every setting of this issue that a run may carry, with the loss it goes with. */
const settings: Record<string, Record<string, unknown>> = {
  masked: { negatives: { type: "batch", mask: "known_positives" } },
  random: { negatives: { type: "batch", mask: "same_document", add: [{ type: "random", count: 8 }] } },
  "random alone": {
    negatives: {
      type: "batch",
      mask: "known_positives",
      in_batch: false,
      add: [{ type: "random", count: 24 }],
    },
  },
  "hard from BM25": {
    negatives: { type: "batch", mask: "known_positives", add: [{ type: "hard", from: "bm25", rank_to: 10 }] },
  },
  "hard from the model": {
    negatives: {
      type: "batch",
      mask: "known_positives",
      add: [
        {
          type: "hard",
          from: "model",
          rank_from: 1,
          rank_to: 8,
          per_query: 2,
          refresh_epochs: 2,
          margin: 0.01,
        },
      ],
    },
  },
  memory: {
    negatives: {
      type: "batch",
      mask: "known_positives",
      add: [{ type: "memory", size: 20, warmup_steps: 5 }],
    },
  },
  logQ: {
    negatives: { type: "batch", mask: "same_document", log_q: {}, add: [{ type: "random", count: 4 }] },
  },
  cache: { negatives: { type: "cache", size: 40 } },
  "cache, filled at first, searched by codes": {
    negatives: { type: "cache", size: 32, top_k: 4, search: "coded", prefill: true, in_batch: true },
  },
  "cache in groups, maximum, with the batch": {
    negatives: { type: "cache", size: 32, top_k: 8, retrieval: "max", in_batch: true, use_lru: false },
  },
  "learnable temperature with its own rate, LAMB, a schedule and clipping": {
    loss: { type: "symmetric_softmax", learnable: true },
    optimizer: { type: "lamb" },
    learning_rate: 0.03,
    schedule: { type: "cosine", warmup_steps: 10, total_steps: 168 },
    update: { clip_norm: 1, loss_learning_rate: 0.02, layer_wise_decay: 0.9 },
  },
  chunks: { update: { chunk_size: 5 } },
};

describe.each(Object.entries(settings))("training with %s", (name, changes) => {
  const config = (extra: string[]) =>
    loadConfig(tiny.config({ ...changes, run_id: name.replace(/[^a-z]+/gi, "-") }), [
      "num_epochs=3",
      ...extra,
    ]);

  it("learns, and a run stopped and resumed ends with the same bytes", async () => {
    const whole = await train(config(["run_id=whole"]), { fresh: true });
    expect(metric(whole, "Recall@5")).toBeGreaterThan(0.7);
    const dir = (await train(config(["num_epochs=1"]), { fresh: true })).dir;
    const resumed = await train(config([]));
    expect(resumed.dir).toBe(dir);
    for (const file of ["metrics.jsonl", "models/model.safetensors"])
      expect(
        fs.readFileSync(path.join(dir, file)).equals(fs.readFileSync(path.join(whole.dir, file))),
        file,
      ).toBe(true);
  });
});

describe("training with negatives", () => {
  it("measures the cache, and tells what was mined", async () => {
    const lines: string[] = [];
    const cached = await train(
      loadConfig(tiny.config(settings["cache"]!), ["run_id=measured", "num_epochs=2"]),
    );
    expect(metric(cached, "cache/interpretable_prediction_loss")).toBeGreaterThan(0);
    expect(metric(cached, "cache/staleness")).toBeGreaterThan(0);
    await train(loadConfig(tiny.config(settings["hard from BM25"]!), ["run_id=told", "num_epochs=1"]), {
      listener: { line: (line) => void lines.push(line) },
    });
    expect(lines.join("\n")).toMatch(/hard negatives mined by bm25; \d+ queries have none/);
    expect(lines.join("\n")).toMatch(/engine: tfjs \(added negatives have no fused step\)/);
  });

  it("keeps the number of epochs fixed when the schedule ends with the run", async () => {
    const changes = { run_id: "fixed", schedule: { type: "linear" } };
    await train(loadConfig(tiny.config(changes), ["num_epochs=1"]));
    await expect(train(loadConfig(tiny.config(changes), ["num_epochs=2"]))).rejects.toThrow(
      "a run goes on only with its own configuration, got another num_epochs",
    );
  });

  const broken: [string, Record<string, unknown>, string | RegExp][] = [
    [
      "a top_k that does not divide the cache",
      { negatives: { type: "cache", size: 30, top_k: 8 } },
      "negatives.top_k must divide negatives.size (30), got 8",
    ],
    [
      "a cache smaller than a batch",
      { negatives: { type: "cache", size: 8 } },
      "must be at least batch_size (16), got 8",
    ],
    [
      "a cache with a triplet loss",
      { negatives: { type: "cache", size: 32 }, loss: { type: "triplet" } },
      'loss.type must be batch_softmax with negatives of type cache, got "triplet"',
    ],
    ["a margin of 0", { loss: { type: "triplet_margin", margin: 0 } }, "loss.margin must be > 0, got 0"],
    ["a single pair without added negatives", { batch_size: 1 }, "batch_size must be at least 2"],
    [
      "ranks the wrong way round",
      { negatives: { type: "batch", add: [{ type: "hard", from: "model", rank_from: 9, rank_to: 3 }] } },
      "negatives.add.0.rank_from must be at most rank_to (3), got 9",
    ],
    [
      "logQ with hard negatives",
      { negatives: { type: "batch", log_q: {}, add: [{ type: "hard", from: "bm25" }] } },
      "negatives.log_q must be null with hard negatives",
    ],
    [
      "an unknown source",
      { negatives: { type: "batch", add: [{ type: "rnadom", count: 2 }] } },
      'must be one of random, hard, memory, got "rnadom"; did you mean random?',
    ],
  ];
  it.each(broken)("refuses %s when the configuration is read", (_name, changes, message) => {
    expect(() => loadConfig(tiny.config(changes))).toThrow(message);
  });

  it("refuses what the data cannot meet before the first step", async () => {
    const start = (changes: Record<string, unknown>) =>
      train(loadConfig(tiny.config({ ...changes, run_id: "x" })), { fresh: true });
    await expect(start({ negatives: { type: "cache", size: 64 } })).rejects.toThrow(
      "negatives.size: the cache must not be larger than the training documents (48), got 64",
    );
    await expect(
      start({ negatives: { type: "batch", add: [{ type: "random", count: 49 }] } }),
    ).rejects.toThrow("must be at most the training documents (48), got 49");
    await expect(start({ loss: { type: "custom", name: "nobody" } })).rejects.toThrow(
      'unknown loss "nobody"; known: batch_softmax, triplet',
    );
    await expect(start({ schedule: { type: "linear", warmup_steps: 1000 } })).rejects.toThrow(
      "linear: totalSteps must be an integer > warmupSteps (1000), got 126",
    );
  });
});
