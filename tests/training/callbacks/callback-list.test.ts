import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { openRun, runFolderOf } from "../../../lib/tracking/run-folder.js";
import type { Callback, TrainingEvent, TrainingState } from "../../../lib/training/callbacks/callback.js";
import { CallbackList } from "../../../lib/training/callbacks/callback-list.js";
import { train } from "../../../lib/training/train.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

const state = {} as TrainingState;

describe("CallbackList", () => {
  it("has nothing to wait for where nobody listens, or only listeners that do not wait", () => {
    const heard: string[] = [];
    const list = new CallbackList([
      { name: "a", on: { train_batch_end: () => void heard.push("a") } },
      { name: "b", on: { train_batch_end: () => void heard.push("b") } },
    ]);
    expect(list.fire("train_batch_begin", state)).toBeUndefined();
    expect(list.fire("train_batch_end", state)).toBeUndefined();
    expect(heard).toEqual(["a", "b"]);
  });

  it("waits for one that waits before the next one runs", async () => {
    const heard: string[] = [];
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      heard.push("slow");
    };
    const list = new CallbackList([
      { name: "a", on: { val_end: slow } },
      { name: "b", on: { val_end: () => void heard.push("b") } },
    ]);
    const pending = list.fire("val_end", state);
    expect(heard).toEqual([]);
    await pending;
    expect(heard).toEqual(["slow", "b"]);
  });

  it("keeps what callbacks remember under their names, and gives each its own back", () => {
    const restored: unknown[] = [];
    const tensor = { shape: [1], data: Float32Array.of(2) };
    const list = new CallbackList([
      { name: "a", on: {}, state: () => 1, restore: (saved) => void restored.push(saved) },
      { name: "b", on: {}, tensors: () => ({ x: tensor }), restoreTensors: (all) => void restored.push(all) },
    ]);
    expect(list.states()).toEqual({ callbacks: { a: 1 }, callbackTensors: { "b/x": tensor } });
    list.restore(list.states());
    expect(restored).toEqual([1, { x: tensor }]);
  });
});

describe("train with callbacks of one's own", () => {
  const events: TrainingEvent[] = [
    ...(["fit_begin", "epoch_begin", "train_epoch_begin", "train_batch_begin", "train_batch_end"] as const),
    ...([
      "train_epoch_end",
      "val_begin",
      "val_batch_begin",
      "val_batch_end",
      "val_end",
      "epoch_end",
    ] as const),
    ...(["fit_end", "keyboard_interrupt", "exception"] as const),
  ];
  const spy = (name: string, seen: string[]): Callback => ({
    name,
    on: Object.fromEntries(events.map((event) => [event, () => void seen.push(`${name} ${event}`)])),
  });

  it("runs them at every event in their order, logs what they measure and stops when they say so", async () => {
    const tiny = tinyDataset();
    const seen: string[] = [];
    const measuring: Callback = {
      name: "measuring",
      on: {
        epoch_end(now) {
          now.metrics["Own/recall"] = now.metrics["Recall@1/typos_prob=0.0"] ?? now.metrics["Recall@1"]!;
          if (now.epoch === 1) now.stop("enough");
        },
      },
    };
    const run = await train(loadConfig(tiny.config(), ["batch_size=336", "validation.every_epochs=2"]), {
      callbacks: [spy("a", seen), spy("b", seen), measuring],
    });
    const both = (...names: TrainingEvent[]) => names.flatMap((event) => [`a ${event}`, `b ${event}`]);
    const batch = both("train_batch_begin", "train_batch_end");
    const trained = [
      ...both("epoch_begin", "train_epoch_begin"),
      ...batch,
      ...batch,
      ...both("train_epoch_end"),
    ];
    expect(seen).toEqual([
      ...both("fit_begin"),
      ...trained,
      ...both("epoch_end"),
      ...trained,
      ...both("val_begin", "val_batch_begin", "val_batch_end", "val_end", "epoch_end", "fit_end"),
    ]);
    const own = run.metrics().filter(({ name }) => name === "Own/recall");
    expect(own.map(({ epoch }) => epoch)).toEqual([0, 1]); // of three
    for (const { epoch, value } of own)
      expect(run.metrics().find((m) => m.epoch === epoch && m.name.startsWith("Recall@1"))!.value).toBe(
        value,
      );
    expect(run.manifest().status).toBe("finished");
  });

  it("leaves a failed run that names the error of one, and tells the others", async () => {
    const tiny = tinyDataset();
    const heard: string[] = [];
    const config = loadConfig(tiny.config());
    const throwing: Callback = {
      name: "throwing",
      on: {
        train_epoch_end: () => {
          throw new RangeError("mine");
        },
      },
    };
    const listening: Callback = {
      name: "l",
      on: { exception: (now) => void heard.push(now.error!.message) },
    };
    await expect(train(config, { callbacks: [throwing, listening] })).rejects.toThrow("mine");
    expect(heard).toEqual(["mine"]);
    expect(openRun(runFolderOf(config).dir).manifest()).toMatchObject({ status: "failed", error: "mine" });
  });
});
