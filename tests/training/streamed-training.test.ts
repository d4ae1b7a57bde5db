import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readParquet, writeParquet } from "../../lib/datasets/parquet.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { beyondStreaming } from "../../lib/experiment/pair-stream.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let folder: string;

/** The 672 pairs in four part-files of different kinds. */
beforeAll(async () => {
  tiny = tinyDataset();
  folder = path.join(tiny.dir, "training_dataset");
  const whole = path.join(folder, "part-00000.parquet");
  const { columns } = await readParquet(whole);
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.length;
  const quarter = rows / 4;
  const part = (i: number) =>
    Object.fromEntries(names.map((name) => [name, columns[name]!.slice(i * quarter, (i + 1) * quarter)]));
  const records = (i: number) =>
    Array.from({ length: quarter }, (_, row) =>
      Object.fromEntries(names.map((name) => [name, part(i)[name]![row]!])),
    );
  writeParquet(whole, part(0));
  writeParquet(path.join(folder, "part-00001.parquet"), part(1));
  const lines = records(2).map((record) => JSON.stringify(record));
  fs.writeFileSync(path.join(folder, "part-00002.jsonl"), `${lines.join("\n")}\n`);
  const cells = records(3).map((record) => names.map((name) => record[name]).join(","));
  fs.writeFileSync(path.join(folder, "part-00003.csv"), `${[names.join(","), ...cells].join("\n")}\n`);
});

const config = (run: string, streaming: object, further: object = {}) =>
  loadConfig(tiny.config({ run_id: run, streaming: { mode: "always", ...streaming }, ...further }));
const metrics = (run: RunFolder) => fs.readFileSync(path.join(run.dir, "metrics.jsonl"), "utf8");
const recall = (run: RunFolder) =>
  run
    .metrics()
    .filter(({ name }) => name === "Recall@1")
    .at(-1)!.value;

describe("training on streamed pairs", () => {
  it("in file order gives the bytes of training on pairs in memory in file order", async () => {
    const options = { shuffle: false, num_epochs: 2, tensorboard: false };
    const streamed = await train(config("stream", { shuffle_rows: 100 }, options));
    const inMemory = await train(config("memory", { mode: "never" }, options));
    expect(metrics(streamed)).toBe(metrics(inMemory));
    expect(streamed.manifest().counts).toMatchObject({ "training rows": 672 });
  });

  it("by several threads learns, and gives the same bytes again, also when it is stopped and goes on", async () => {
    const further = { dataloader_workers: 2, num_epochs: 3 };
    const once = await train(config("threads", { shuffle_rows: 50 }, further));
    const again = await train(config("again", { shuffle_rows: 50 }, further));
    const short = config("resumed", { shuffle_rows: 50 }, { ...further, num_epochs: 1 });
    await train(short);
    const resumed = await train({ ...short, num_epochs: 3 });
    expect(metrics(again)).toBe(metrics(once));
    expect(metrics(resumed)).toBe(metrics(once));
    expect(recall(once)).toBeGreaterThan(0.5);
    const steps = once.metrics().at(-1)!.step;
    expect(steps).toBe(3 * 2 * Math.floor(336 / 16)); // each thread drops its own incomplete batch
  });

  it("keeps or drops each thread's incomplete batch", async () => {
    const kept = await train(
      config("kept", {}, { dataloader_workers: 2, batch_size: 100, drop_last: false, num_epochs: 1 }),
    );
    expect(kept.metrics().at(-1)!.step).toBe(2 * 4);
    const dropped = await train(
      config("dropped", {}, { dataloader_workers: 2, batch_size: 100, num_epochs: 1 }),
    );
    expect(dropped.metrics().at(-1)!.step).toBe(2 * 3);
    expect(dropped.manifest().counts["training rows of incomplete batches, dropped"]).toBe(72);
  });

  it("begins by itself where the files are larger than the limit, unless all pairs are needed", async () => {
    const lines: string[] = [];
    const listener = { line: (line: string) => lines.push(line) };
    const auto = { mode: "auto", above_megabytes: 0.001 };
    await train(config("auto", auto, { num_epochs: 0, dataloader_workers: 3 }), { listener });
    expect(lines).toContain("training pairs: about 673, streamed by 3 reader threads");
    const random = [{ type: "random", count: 8 }];
    const added = { negatives: { type: "batch", add: random }, num_epochs: 0 };
    await train(config("added", auto, added), { listener });
    expect(lines.join("\n")).toMatch(/training pairs \(0 MB\) are held in memory, as negatives are added/);
    await expect(train(config("refused", {}, added))).rejects.toThrow(
      "streaming.mode: must not be always here, as negatives are added from all documents",
    );
  });

  it("masks equal documents and known positives of all files, with the bytes of pairs in memory", async () => {
    // a second document for every query, so that the two masks differ
    const more = tinyDataset();
    const file = path.join(more.dir, "training_dataset", "part-00000.parquet");
    const { columns } = await readParquet(file);
    const names = columns["document_name"]!;
    const next = names.map((_, row) => names[(row + 1) % names.length]!);
    writeParquet(path.join(more.dir, "training_dataset", "part-00001.parquet"), {
      ...columns,
      document_name: next,
    });
    const rules = ["none", "same_document", "known_positives"];
    const [whole, streamed]: string[][] = [[], []];
    for (const mask of rules)
      for (const [mode, into] of [
        ["never", whole!],
        ["always", streamed!],
      ] as const) {
        const settings = {
          run_id: `${mask}-${mode}`,
          streaming: { mode },
          negatives: { type: "batch", mask },
        };
        const quick = { shuffle: false, num_epochs: 1, tensorboard: false };
        into.push(metrics(await train(loadConfig(more.config({ ...settings, ...quick })))));
      }
    expect(streamed).toEqual(whole);
    expect(new Set(whole).size).toBe(3);
  });

  it.each(["fused", "tfjs"])(
    "misspells queries anew in every epoch, %s, and goes on exactly",
    async (engine) => {
      const typos = { model: "qwerty", probability: 0.8, augment: 0.5, self_teaching: 1, from_epoch: 1 };
      const further = { dataloader_workers: 2, num_epochs: 3, tensorboard: false, engine };
      const clean = await train(config(`clean-${engine}`, { shuffle_rows: 50 }, further));
      const wrong = await train(config(`wrong-${engine}`, { shuffle_rows: 50 }, { ...further, typos }));
      const short = config(`typos-${engine}`, { shuffle_rows: 50 }, { ...further, typos, num_epochs: 2 });
      await train(short);
      expect(metrics(await train({ ...short, num_epochs: 3 }))).toBe(metrics(wrong));
      const losses = (run: RunFolder) =>
        run.metrics().flatMap(({ name, value }) => (name === "AverageLoss/train" ? [value] : []));
      expect(losses(wrong)[0]).toBe(losses(clean)[0]);
      expect(losses(wrong)[1]).toBeGreaterThan(losses(clean)[1]!);
      const divergence = wrong.metrics().filter(({ name }) => name === "SelfTeachingDivergence");
      expect(divergence.map(({ epoch }) => epoch)).toEqual([1, 2]);
    },
  );

  it("is left to training: whoever needs all pairs reads them", async () => {
    const data = await loadExperiment(config("all-pairs", {}), {});
    expect(data.stream).toBeNull();
    expect(data.pairs.queryOf.length).toBe(672);
  });

  it("refuses what needs all pairs at once: pairs of documents, bounded epochs, a teacher", async () => {
    for (const [setting, reason] of [
      ["dataset.document_pairs=document_name", "documents make further pairs"],
      ["dataset.sentence_pairs={column: document_name}", "documents make further pairs"],
      ["pairs_per_epoch=64", "pairs_per_epoch draws from all pairs"],
      ["distillation={teacher: t}", "the teacher embeds all queries and documents once"],
    ] as const) {
      const all = loadConfig(tiny.config({ streaming: { mode: "always" } }), [setting]);
      expect(beyondStreaming(all)).toContain(reason);
    }
    expect(beyondStreaming(config("plain", {}))).toBeNull();
  });

  it("says when no thread fills a batch", async () => {
    await expect(train(config("large", {}, { batch_size: 1000 }))).rejects.toThrow(
      "an epoch must hold a batch of 1000 pairs, got 672 pairs (drop_last is true)",
    );
  });
});
