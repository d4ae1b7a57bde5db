import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeJudgements } from "../../lib/datasets/judgements.js";
import { openDataset } from "../../lib/datasets/open-dataset.js";
import { readQrels, readTrecRun } from "../../lib/datasets/trec.js";
import { reevaluateRun } from "../../lib/evaluation/reevaluate-run.js";
import { exportTrec } from "../../lib/evaluation/trec-files.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { evaluatedJudgements } from "../../lib/experiment/sections/judgements.js";
import { scoreRun } from "../../lib/metrics/score-run.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));
const { name: dataset } = openDataset(tiny.dir);
const write = (name: string, lines: string[]): string => {
  const file = path.join(tiny.root, name);
  fs.writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
};
const load = (...overrides: string[]) => loadExperiment(loadConfig(tiny.config(), overrides), {});

describe("recall_validation.judgements", () => {
  it("count in every measure, as trec_eval's reading of all judgements together scores the same answers", async () => {
    const run = await train(
      loadConfig(tiny.config(), [
        "num_epochs=1",
        "run_id=judged",
        "recall_validation.query_typo_probabilities=[0]",
      ]),
    );
    const [set] = run.queries().map((result) => result.set);
    const before = run.queries();
    // the first three answers of every second query: the first is relevant, the others are not
    const lines = before
      .filter((_, i) => i % 2 === 0)
      .flatMap(({ id, top }) =>
        top.slice(0, 3).map(([document], rank) => `${id} 0 ${document} ${rank === 0 ? 2 : 0}`),
      );
    const files = [write("more.qrels", lines)];
    await reevaluateRun(run, { judgements: evaluatedJudgements.parse({ files }), listener: {} });
    const after = run.queries();
    const names = ["nDCG@10", "nDCG(judged)@10", "Judged@10", "bpref"];
    expect(Object.keys(after[0]!.values)).toEqual(expect.arrayContaining(names));

    const exported = await exportTrec(run.dir, path.join(tiny.root, "trec"), {
      typos: [0],
      depth: 48,
      listener: {},
    });
    const qrels = readQrels(exported[0]!.qrels);
    for (const [query, more] of readQrels(files[0]!))
      qrels.set(query, new Map([...(qrels.get(query) ?? []), ...more]));
    const { queries, values } = scoreRun(qrels, readTrecRun(exported[0]!.run), names, {
      queries: "answered",
    });
    for (const result of after) {
      const q = queries.indexOf(result.id);
      for (const name of names)
        expect(result.values[name], `${result.id} ${name}`).toBeCloseTo(values[name]![q]!, 12);
    }
    const only = evaluatedJudgements.parse({ files, queries: "judged", set });
    await reevaluateRun(run, { judgements: only, listener: {} });
    expect(run.queries().map(({ id }) => id)).toEqual(
      before.filter((_, i) => i % 2 === 0).map(({ id }) => id),
    );
  });

  it("are refused in one line where they are of another data set, and where judges differ", async () => {
    const use = (file: string, more = "") => load(`recall_validation.judgements={files: [${file}]${more}}`);
    await expect(use(write("foreign.qrels", ["x1 0 d1 1", "x2 0 d1 1"]))).rejects.toThrow(
      /foreign\.qrels: judgements must be of queries of .*, got x1 and 1 others that are none$/,
    );
    await expect(use(write("pool.qrels", ["q1 0 y1 1"]))).rejects.toThrow(
      /pool\.qrels: judgements must be of documents of the pool, got 1 that are not there$/,
    );
    const file = path.join(tiny.root, "two.jsonl");
    const line = (judge: string, grade: number) => ({
      ...{ query: "q1", document: "d1", grade, judge, pass: 1 as const, when: null },
    });
    const header = { dataset, fingerprint: null, set: "recall_validation" };
    const [{ set }] = (await load()).sets.map(({ name }) => ({ set: name })) as [{ set: string }];
    writeJudgements(file, { header: { ...header, set }, judgements: [line("anna", 0), line("ben", 2)] });
    await expect(use(file)).rejects.toThrow(/judges must agree on document "d1" and query "q1"/);
    const { sets } = await use(file, ", conflicts: highest");
    expect(sets[0]!.queries.find(({ id }) => id === "q1")!.grades.get(1)).toBe(2);
    writeJudgements(file, { header: { ...header, dataset: "films" }, judgements: [line("anna", 0)] });
    await expect(use(file)).rejects.toThrow(/judgements: must be of .*, got those of films/);
    writeJudgements(file, { header: { ...header, set: "mine" }, judgements: [line("anna", 0)] });
    await expect(use(file)).rejects.toThrow(
      /must be of a set that is evaluated \(.*\), got those of "mine"$/,
    );
  });
});

describe("dataset.judgements", () => {
  // held-out queries are v0, v1, …; v0 is "red sneaker", its document d0 "red shoe"
  const file = write("training.qrels", ["v0 0 d0 3", "v0 0 d8 1", "v0 0 d9 0", "v1 0 d0 0", "v1 0 d47 0"]);
  const section = `dataset.judgements={files: [${file}], set: validation}`;

  it("are pairs with their grades, take back labels, and leave what is not relevant for mining", async () => {
    const plain = (await load()).pairs;
    const { pairs, counts } = await load(section);
    const at = (query: string, document: string) => {
      const q = pairs.queryRows!.findIndex((row) => row["query_search_phrase"] === query);
      const d = pairs.documentRows!.findIndex((row) => row["document_name"] === document);
      return {
        q,
        d,
        pair: Array.from(pairs.queryOf, (own, i) => own === q && pairs.documentOf[i] === d).lastIndexOf(true),
      };
    };
    const exact = at("red sneaker", "red shoe");
    const related = at("red sneaker", "blue shoe");
    expect(pairs.grades![exact.pair]).toBe(3);
    expect(pairs.grades![related.pair]).toBe(1);
    const second = at("red footwear", "red shoe");
    expect(second.pair).toBe(-1); // v1 is "red footwear", whose label is judged not relevant
    expect(counts).toMatchObject({
      "pairs judged relevant": 2,
      "pairs judged not relevant": 3,
      "labelled pairs judged not relevant, left out": 8,
    });
    expect(pairs.queryOf.length).toBe(plain.queryOf.length + 2 - 8);
    expect([...pairs.verdicts!.notRelevant.get(exact.q)!]).toEqual([at("red sneaker", "blue shirt").d]);
  });

  it("train graded losses and mined negatives, byte for byte the same again", async () => {
    const settings = [
      ...[section, "num_epochs=1", "loss={type: list_net, temperature: 0.1}"],
      "negatives={type: batch, add: [{type: hard, from: model, rank_to: 5}]}",
    ];
    const metrics = async (id: string, ...more: string[]) => {
      const run = await train(loadConfig(tiny.config(), [...settings, `run_id=${id}`, ...more]));
      return fs.readFileSync(run.metricsFile, "utf8");
    };
    const first = await metrics("judged-1");
    expect(await metrics("judged-2")).toBe(first);
    expect(await metrics("judged-3", "dataset.judgements=null")).not.toBe(first);
  });

  it("refuses judgements of a set that is evaluated, and of none", async () => {
    await expect(load(`dataset.judgements={files: [${write("test.qrels", ["q1 0 d1 1"])}]}`)).rejects.toThrow(
      /test\.qrels must be of a set that recall_validation\.sets leaves out .* which would be trained on and tested on$/,
    );
    await expect(load(`dataset.judgements={files: [${write("none.qrels", ["x1 0 d1 1"])}]}`)).rejects.toThrow(
      /must be of one evaluation set of .*, got queries of none, such as x1; dataset\.judgements\.set names it$/,
    );
    expect(() =>
      loadConfig(tiny.config(), [
        "negatives={type: batch, add: [{type: hard, from: model, unjudged: false}]}",
      ]),
    ).toThrow(/must be true without dataset\.judgements, which say what is judged, got false/);
  });
});

describe("negatives.add.exclude", () => {
  it("keeps suspects of the data doctor's queue out of what is mined, by their query's text", async () => {
    const suspect = {
      ...{ reason: "suspected false negative", query: "red sneaker", query_id: null, document: "d9" },
      ...{ text: "blue shirt", score: 0.9, model: 0.9, neighbours: 0.9, part: "training" },
    };
    const file = write("suspects.jsonl", [JSON.stringify(suspect)]);
    const add = (name: string) =>
      `negatives={type: batch, add: [{type: hard, from: model, exclude: ${name}}]}`;
    const { pairs } = await load(add(file));
    const [[query, documents]] = [...pairs.verdicts!.suspects[file]!] as [[number, Set<number>]];
    expect(pairs.queryRows![query]!["query_search_phrase"]).toBe("red sneaker");
    expect([...documents].map((d) => pairs.documentRows![d]!["document_name"])).toEqual(["blue shirt"]);
    const foreign = write("foreign.jsonl", [JSON.stringify({ ...suspect, document: "m1" })]);
    await expect(load(add(foreign))).rejects.toThrow(
      /foreign\.jsonl: suspects must be of training queries and documents of .*, got none that are$/,
    );
  });
});
