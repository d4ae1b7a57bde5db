import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { type ChangeRow, evaluationCallback } from "../../../lib/training/callbacks/evaluation.js";
import { readDocumentFile } from "../../../lib/training/fit/document-files.js";
import { fit } from "../../../lib/training/fit/fit.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fit-files-"));
const file = (name: string, lines: readonly string[]) => {
  const at = path.join(dir, name);
  fs.writeFileSync(at, lines.join("\n"));
  return at;
};
const words = (topic: number, i: number) => `w${topic}${(i * 7) % 5} w${topic}${(i * 3) % 5} common${i % 9}`;
const rows = Array.from({ length: 120 }, (_, i) => i);
const classes = file("classes.csv", ["text,label", ...rows.map((i) => `"${words(i % 6, i)}",c ${i % 6}`)]);
const pairs = file(
  "pairs.csv",
  rows.map((i) => `${words(i % 20, i)}; ask ${i}\t${words(i % 20, i + 1)}`),
);
const common = { epochs: 3, valSplit: 0.25, batchSize: 30, learningRate: 0.01, progress: null };
const measure = ({ report }: Awaited<ReturnType<typeof fit>>, name: string) =>
  report!.find((row) => row.measure === name)!;

beforeAll(async () => {
  await selectBackend("wasm");
  fs.mkdirSync(path.join(dir, "pictures"));
  for (const i of rows.slice(0, 24)) {
    const background = { r: 80 * (i % 3), g: 255 - 80 * (i % 3), b: i * 5 };
    const picture = sharp({ create: { width: 8, height: 8, channels: 3, background } });
    await picture.png().toFile(path.join(dir, "pictures", `${i}.png`));
  }
});
afterAll(() => fs.rmSync(dir, { recursive: true }));

describe("fit reads a file, holds a part of it out and says what training brought:", () => {
  it("classes", async () => {
    const result = await fit({
      ...{ ...common, model: "TwoTower", trainData: classes, csvOptions: { isLabeled: true } },
      loss: "triplet",
    });
    const row = measure(result, "recall_at_k");
    expect(row.after).toBeGreaterThan(row.before);
    expect(row.p).toBeLessThan(0.05);
    expect(row.afterInterval.low).toBeGreaterThan(row.beforeInterval.high);
    // 6 classes of 20: a quarter of each is held out
    expect(result.history[2]!.validationLoss).toBeGreaterThan(0);
  });

  it("pairs, and goes on from the run folder with the measures that it left off with", async () => {
    const runDir = path.join(dir, "runs", "files", "pairs");
    const options = { ...common, trainData: pairs, loss: "batch_softmax" };
    const first = await fit({ ...options, model: "TwoTower", runDir });
    const second = await fit({ ...options, model: runDir, epochs: 1 });
    expect(measure(first, "reciprocal_rank").p).toBeLessThan(0.05);
    // the same held-out pairs by the same seed; the model file is that of the last epoch
    expect(measure(second, "reciprocal_rank").before).toBe(measure(first, "reciprocal_rank").after);
    const found = await second.read!([{ text: words(3, 3) }], "query");
    expect(second.encoder.embedQueries(found).shape).toEqual([1, 128]);
  });

  it("pairs with a score, as squared error", async () => {
    const scored = file(
      "scored.csv",
      rows.map(
        (i) => `${words(i % 4, i)}|${words((i >> 1) % 4, i + 1)}|${i % 4 === (i >> 1) % 4 ? 0.9 : 0.1}`,
      ),
    );
    const result = await fit({
      ...common,
      model: "LinearEncoder",
      trainData: scored,
      loss: "cosine_similarity",
    });
    const { before, after, measure: name } = result.report![0]!;
    expect(name).toBe("squared_error");
    expect(after).toBeLessThan(before);
  });

  it("sessions from JSON lines", async () => {
    const sessions = file(
      "sessions.jsonl",
      rows.map((i) =>
        JSON.stringify({
          text: words(i % 5, i),
          matches: [
            { text: words(i % 5, i + 1), tags: { finetuner_label: 1 } },
            { text: words((i + 1) % 5, i + 1), tags: { finetuner_label: -1 } },
          ],
        }),
      ),
    );
    const options = { ...common, model: "SimpleTextEncoder", trainData: sessions, loss: "triplet" };
    const result = await fit({
      ...options,
      preprocess: ({ text, ...rest }) => ({ ...rest, text: text!.replace(/common./, "") }),
    });
    expect(measure(result, "average_precision").after).toBeGreaterThan(
      measure(result, "average_precision").before,
    );
    // without the word that all share another dictionary is made, and other numbers come of it
    const plain = await fit({ ...options, epochs: 1 });
    expect(plain.encoder.parameterCount).not.toBe(result.encoder.parameterCount);
  });

  it("texts with pictures, either of them first, and pictures with classes", async () => {
    const captions = file(
      "captions.csv",
      rows
        .slice(0, 24)
        .map((i) =>
          i % 2
            ? `pictures/${i}.png,topic ${i % 3} number${i}`
            : `topic ${i % 3} number${i},pictures/${i}.png`,
        ),
    );
    const options = { ...common, modelOptions: { pictureSize: 8 }, batchSize: 8, epochs: 1 };
    const evaluation = evaluationCallback({ model: "clip-text", indexModel: "clip-vision" });
    const crossModal: FitOptions = {
      ...options,
      model: "Towers",
      trainData: captions,
      loss: "symmetric_softmax",
    };
    const { encoder, report } = await fit({ ...crossModal, callbacks: [evaluation] });
    const numbers = ({ measure: name, before, after }: ChangeRow) => [name, before, after];
    expect(evaluation.changes().map(numbers)).toEqual(report!.map(numbers));
    for (const [named, message] of [
      [
        { model: "clip-vision" },
        "evaluation: model must be the tower of the queries held out (clip-text), got clip-vision",
      ],
      [
        { indexModel: "clip-text" },
        "evaluation: indexModel must be the tower of the documents held out (clip-vision), got clip-text",
      ],
    ] as const)
      await expect(fit({ ...crossModal, callbacks: [evaluationCallback(named)] })).rejects.toThrow(message);
    await expect(fit({ ...crossModal, valSplit: 0, callbacks: [evaluationCallback()] })).rejects.toThrow(
      "evaluation: queryData must be given, or evalData or valSplit of data that can be ranked",
    );
    expect(() => evaluationCallback({ model: "clip" as "clip-text" })).toThrow(
      'evaluation: model must be an encoder, clip-text or clip-vision, got "clip"',
    );
    expect(Object.keys(encoder.weights).filter((name) => name.startsWith("document.picture"))).not.toEqual(
      [],
    );
    expect(Object.keys(encoder.weights).some((name) => name.startsWith("query.picture"))).toBe(false);
    expect(report).toHaveLength(9);
    const labelled = file(
      "labelled.csv",
      rows.slice(0, 24).map((i) => `pictures/${i}.png,c${i % 3}`),
    );
    const classed = await fit({
      ...{
        ...options,
        model: "patches",
        trainData: labelled,
        loss: "triplet",
        csvOptions: { isLabeled: true },
      },
    });
    expect(classed.history).toHaveLength(1);
  });
});

describe("files of documents", () => {
  it("are read alike from CSV, JSON lines and Parquet", async () => {
    const cells = rows.slice(0, 5).map((i) => [words(i, i), `${words(i, 2)}, "quoted"`] as const);
    const csv = file(
      "same.csv",
      cells.map(([a, b]) => `${a},"${b.replaceAll('"', '""')}"`),
    );
    const json = file(
      "same.jsonl",
      cells.map(([query, document]) => JSON.stringify({ query, document })),
    );
    const parquet = path.join(dir, "same.parquet");
    writeParquet(parquet, { query: cells.map(([a]) => a), document: cells.map(([, b]) => b) });
    const expected = cells.map(([a, b]) => ({ chunks: [{ text: a }, { text: b }] }));
    for (const name of [csv, json, parquet]) expect(await readDocumentFile(name)).toEqual(expected);
  });

  it("have their dialect sniffed outside quotes", async () => {
    const quoted = file("quoted.csv", ['"a\tb | c; d",one', '"e\tf | g; h",two']);
    expect((await readDocumentFile(quoted)).map(({ chunks }) => chunks!.map(({ text }) => text))).toEqual([
      ["a\tb | c; d", "one"],
      ["e\tf | g; h", "two"],
    ]);
    const lines = file("lines.csv", ['"one; line\nand, another";x', "plain;y"]);
    expect((await readDocumentFile(lines))[0]!.chunks![0]!.text).toBe("one; line\nand, another");
  });
});

describe("fit refuses in one line before training", () => {
  const options = { ...common, model: "TwoTower", trainData: pairs, loss: "batch_softmax" };
  it.each([
    [
      "a model near a known one",
      { model: "all-MiniLM-L6-v3" },
      'fit: unknown model "all-MiniLM-L6-v3"; did you mean all-MiniLM-L6-v2?',
    ],
    [
      "weights that are not here",
      { model: "bert-base-cased" },
      "fit: model bert-base-cased must have its weights here, found none: qdrl model import hf:google-bert/bert-base-cased brings them; stand-in: all-MiniLM-L6-v2",
    ],
    ["an unknown option", { epoch: 5 }, "fit: epoch is not a known key; did you mean epochs?"],
    [
      "an option of the model that it lacks",
      { modelOptions: { hiddenLayer: [8] } },
      "fit: model.hidden_layer is not a known key; did you mean model.hidden_layers?",
    ],
    ["a file that is not there", { trainData: "no.csv" }, "no.csv: must exist, found none"],
    [
      "a split that leaves nothing",
      { valSplit: 0.001 },
      "fit: valSplit must leave data in both parts, got 120 and 0 of 120 with 0.001",
    ],
  ] as [string, object, string][])("%s", async (_name, more, message) => {
    await expect(fit({ ...options, ...more } as FitOptions)).rejects.toThrow(message);
  });

  it("a picture that does not exist, with the line that names it", async () => {
    const bad = file("bad.csv", ["pictures/1.png,a", "pictures/none.png,b"]);
    const labelled = {
      ...options,
      model: "cnn",
      trainData: bad,
      csvOptions: { isLabeled: true },
      loss: "triplet",
    };
    await expect(fit(labelled)).rejects.toThrow(`${bad}:2: picture must exist, found no pictures/none.png`);
  });
});
