import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportLabels } from "../../../lib/annotation/label/export-labels.js";
import type { Labelling } from "../../../lib/annotation/label/labelling.js";
import { type LabellingOptions, openLabelling } from "../../../lib/annotation/label/open-labelling.js";
import { readJudgements } from "../../../lib/datasets/judgements.js";
import { readQrels } from "../../../lib/datasets/trec.js";
import { searchRun } from "../../../lib/retrieval/retrievers/search-run.js";
import { runExperiment } from "../../../lib/runs/run-experiment.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

const data = tinyDataset();
const run = path.join(data.root, "runs", "tiny", "run");
let folders = 0;

beforeAll(async () => {
  await runExperiment(data.config({ num_epochs: 1 }), { listener: {} });
  const hardly = { run_id: "hardly", num_epochs: 1, learning_rate: 1e-3 };
  await runExperiment(data.config(hardly), { listener: {} });
});
afterAll(() => fs.rmSync(data.root, { recursive: true }));

const newFolder = () => path.join(data.root, `labels-${folders++}`);
const open = (options: LabellingOptions) => openLabelling(run, { seed: 4, listener: {}, ...options });

/** What each synonym stands for; the simulated user knows. */
const THINGS: Record<string, string> = {
  ...{ sneaker: "shoe", footwear: "shoe", blouse: "shirt", top: "shirt", light: "lamp", lantern: "lamp" },
  ...{ seat: "chair", stool: "chair", mobile: "phone", handset: "phone", flask: "bottle", carafe: "bottle" },
  ...{ shawl: "scarf", wrap: "scarf", watch: "clock", timer: "clock" },
};
const isRight = (question: string, document: string) => {
  const [colour, synonym] = question.split(" ");
  return document === `${colour} ${THINGS[synonym!]}`;
};

/** Answers the next question by the truth. */
async function answer(labelling: Labelling, options = {}): Promise<void> {
  const [question] = labelling.next(options);
  await labelling.fit([
    {
      id: question!.id!,
      matches: question!.matches.map(({ id, text }) => ({
        id: id!,
        tags: { finetuner_label: isRight(question!.text!, text!) ? 1 : -1 },
      })),
    },
  ]);
}

/** The model's bytes. */
function bytes(labelling: Labelling): string {
  return fs
    .readFileSync(path.join(labelling.save("model"), "models", "model.safetensors"))
    .toString("base64");
}

describe("labelling", () => {
  it("asks with the nearest documents of the present model, as the run's own search finds them", async () => {
    const labelling = await open({ folder: newFolder(), candidates: 4 });
    const [question] = labelling.next();
    const hits = await searchRun(run, question!.text!, { k: 4, threshold: null, listener: {} });
    expect(question!.matches.map(({ id }) => id)).toEqual(hits.map(({ id }) => id));
    question!.matches.forEach(({ scores }, i) => {
      expect(scores.cosine).toBeCloseTo(hits[i]!.score, 5);
    });
    labelling.close();
  });

  it("trains on an answer at once, and undo brings the same bytes and question back", async () => {
    const labelling = await open({ folder: newFolder() });
    const start = bytes(labelling);
    await answer(labelling);
    const [once, second] = [bytes(labelling), labelling.next()];
    expect(once).not.toBe(start);
    await answer(labelling);
    expect(labelling.counters()).toMatchObject({ done: 2, ignored: 0, steps: 6 });
    labelling.undo();
    expect(bytes(labelling)).toBe(once);
    expect(labelling.next()).toEqual(second);
    labelling.undo();
    expect(bytes(labelling)).toBe(start);
    expect(labelling.undo()).toEqual([]);
    labelling.close();
  });

  it("goes on after any end with the same weights and question, kept weights or not", async () => {
    const folder = newFolder();
    const labelling = await open({ folder, choice: "diverse" });
    await labelling.feed([{ id: "fed", text: "red sneaker" }]);
    for (let n = 0; n < 12; n++) await answer(labelling);
    const kept = bytes(labelling);
    const next = labelling.next({ end: 3 });
    // no close: as after a kill; the weights on disk are those after ten answers
    expect(fs.readdirSync(path.join(folder, "weights"))).toHaveLength(1);
    for (const without of [false, true]) {
      if (without) fs.rmSync(path.join(folder, "weights"), { recursive: true });
      const again = await openLabelling(run, { folder, listener: {} }); // its settings are those it was begun with
      expect(bytes(again)).toBe(kept);
      expect(again.next({ end: 3 })).toEqual(next);
    }
  });

  it("makes a model that finds more, by a user who answers from what is true", async () => {
    const labelling = await openLabelling(path.join(data.root, "runs", "tiny", "hardly"), {
      listener: {},
      learningRate: 0.003,
      choice: "random",
      measuredOn: "queries",
      measure: "Recall@3",
      candidates: 12,
    });
    for (let n = 0; n < 40; n++) await answer(labelling);
    const { value, start, queries } = labelling.measured()!;
    expect(queries).toBe(12);
    expect(value).toBeGreaterThan(start + 0.2);
    labelling.close();
  });

  it("keeps labels in the flat tag, which fit reads, and exports them as judgements and qrels", async () => {
    const folder = newFolder();
    const labelling = await open({ folder });
    for (let n = 0; n < 6; n++) await answer(labelling, { topk: 48 });
    await labelling.fit([{ id: labelling.next()[0]!.id!, matches: [] }]);
    expect(labelling.counters()).toMatchObject({ done: 7, positive: 6, negative: 6 * 47, ignored: 1 });
    const { history } = await fit({
      ...{
        model: run,
        trainData: path.join(folder, "labels.jsonl"),
        loss: "siamese",
        epochs: 1,
        batchSize: 64,
      },
    });
    expect(history[0]!.trainLoss).toBeGreaterThan(0);
    const [qrels, judged] = ["a.qrels", "a.jsonl"].map((name) => path.join(data.root, name)) as [
      string,
      string,
    ];
    expect(exportLabels(run, qrels, { folder })).toBe(6 * 48);
    exportLabels(run, judged, { folder, judge: "Ann" });
    const { judgements } = readJudgements(judged);
    expect(new Set(judgements.map(({ judge }) => judge))).toEqual(new Set(["Ann"]));
    const [first] = labelling.labels();
    const grades = readQrels(qrels).get(first!.id!)!;
    for (const { id, text } of first!.matches!)
      expect(grades.get(id!)).toBe(isRight(first!.text!, text!) ? 2 : 0);
    labelling.close();
  });

  it("asks again for a question with candidates that have no label for it, and for documents by documents", async () => {
    const labelling = await open({ folder: newFolder(), questions: "documents", candidates: 5 });
    const [question] = labelling.next({ choice: "in_order" });
    expect(question!.id).toBe("d0");
    const ids = question!.matches.map(({ id }) => id!);
    expect(ids).not.toContain("d0");
    await labelling.fit([
      { id: "d0", matches: ids.map((id) => ({ id, tags: { finetuner_label: id === ids[0] ? 1 : -1 } })) },
    ]);
    const [again] = labelling.next({ question: "d0" });
    expect(again!.matches.filter(({ id }) => ids.includes(id!))).toEqual([]);
    labelling.close();
  });

  it("trains again on answers whose kept weights are damaged, and says so", async () => {
    const folder = newFolder();
    const labelling = await open({ folder });
    for (let n = 0; n < 3; n++) await answer(labelling);
    const kept = bytes(labelling);
    labelling.close();
    const [file] = fs
      .readdirSync(path.join(folder, "weights"))
      .map((name) => path.join(folder, "weights", name));
    fs.truncateSync(file!, 1000);
    const lines: string[] = [];
    const again = await openLabelling(run, { folder, listener: { line: (line) => lines.push(line) } });
    expect(lines.filter((line) => line.includes("training on its answers again"))).toHaveLength(1);
    expect(bytes(again)).toBe(kept);
    again.close();
  });

  it("embeds what a question sees alone, where it is to see some documents only", async () => {
    const labelling = await open({ folder: newFolder(), pool: 10, measuredOn: "queries" });
    const seen = new Set<string>();
    const [before, first] = [labelling.map(), labelling.measured()!];
    const [question] = labelling.next({ topk: 48 });
    expect(question!.matches).toHaveLength(10);
    await answer(labelling);
    for (const { id } of labelling.next({ topk: 48 })[0]!.matches) seen.add(id!);
    const after = labelling.map();
    const moved = after.ids.filter((_, i) => after.positions[2 * i] !== before.positions[2 * i]);
    expect(new Set(moved)).toEqual(seen);
    expect(labelling.measured()).toBe(first);
    expect(labelling.measured(true)!.answers).toBe(1);
    labelling.close();
  });

  it("rehearses what the run was trained on, and takes none of it for a negative", async () => {
    const of = (rehearsal: number) => open({ folder: newFolder(), rehearsal, measuredOn: "queries" });
    const [with32, without] = [await of(32), await of(0)];
    for (const labelling of [with32, without]) for (let n = 0; n < 12; n++) await answer(labelling);
    // the run knows everything already; what labels make it forget is smaller with rehearsal
    expect(with32.measured()!.value).toBeGreaterThanOrEqual(without.measured()!.value);
    expect(bytes(with32)).not.toBe(bytes(without));
    with32.close();
    without.close();
  });

  it("asks the lines of a file, and trains on them", async () => {
    const file = path.join(data.root, "asked.txt");
    fs.writeFileSync(file, "red sneaker\n\nblue stool\n");
    const labelling = await open({ folder: newFolder(), questions: file, choice: "in_order" });
    expect(labelling.next({ end: 5 }).map(({ text }) => text)).toEqual(["red sneaker", "blue stool"]);
    await answer(labelling);
    expect(labelling.counters()).toMatchObject({ done: 1, left: 1, steps: 3 });
    labelling.close();
  });

  it("says in a line what it cannot do", async () => {
    const folder = newFolder();
    const labelling = await open({ folder });
    await answer(labelling);
    await expect(labelling.fit([{ id: "x" }])).rejects.toThrow("label: questions 0: must have a text");
    await expect(
      labelling.fit([
        { id: labelling.next()[0]!.id!, matches: [{ id: "d1", tags: { finetuner_label: 2 as 1 } }] },
      ]),
    ).rejects.toThrow("label: matches of answer 0 must have tags.finetuner_label 1 or -1, got 2");
    expect(() => labelling.next({ question: "q" })).toThrow('label: question must be one of 84, got "q"');
    expect(() => labelling.save("../x")).toThrow("label: model_path must be a folder's name");
    labelling.close();
    await expect(open({ folder, choice: "sure" })).rejects.toThrow(
      /choice: unknown choice of questions "sure"; known: /,
    );
    await expect(open({ folder, seed: 5 })).rejects.toThrow(
      /label: seed must be 4 as these labels were begun/,
    );
    const file = path.join(folder, "labels.jsonl");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").slice(0, -40));
    await expect(open({ folder })).rejects.toThrow(/labels\.jsonl:1: /);
    fs.writeFileSync(path.join(folder, "labelling.json"), '{ "format": "qdrl-la');
    await expect(open({ folder })).rejects.toThrow(/labelling\.json: must be JSON that is whole/);
    const lexical = path.join(data.root, "bm25.yaml");
    const own = { system: "bm25", task_id: "tiny", run_id: "bm25", dataset_dir: data.dir };
    fs.writeFileSync(
      lexical,
      JSON.stringify({
        ...{ ...own, output_dir: path.join(data.root, "runs") },
        recall_validation: { k: [5], query_typo_probabilities: [0] },
      }),
    );
    await runExperiment(lexical, { listener: {} });
    await expect(
      openLabelling(path.join(data.root, "runs", "tiny", "bm25"), { listener: {} }),
    ).rejects.toThrow(/must be a run with an encoder, got a bm25 run/);
  });
});
