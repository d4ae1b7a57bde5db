/**
 * Labelling in the loop, by a simulated user who answers from the training pairs.
 *
 *   npx tsx bench/labelling.ts recall 1,2,3 150 [choices]    recall against answers on emoji by choice of question, a line of JSON each
 *   npx tsx bench/labelling.ts summary FILE …      those lines as a table: means over seeds, differences from random choice
 *   npx tsx bench/labelling.ts latency 100         an answer and its next question on 10,000 films, over HTTP
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Labelling, Question } from "../lib/annotation/label/labelling.js";
import { openLabelling } from "../lib/annotation/label/open-labelling.js";
import { ensureEmoji } from "../lib/datasets/emoji/build-emoji.js";
import { readTrainingRows } from "../lib/datasets/training-rows.js";
import { pairedTTest } from "../lib/metrics/t-test.js";
import { runExperiment } from "../lib/runs/run-experiment.js";
import { serveLabels } from "../lib/service/labelling/serve-labels.js";

const CHOICES = ["random", "nearest", "uncertain", "margin", "diverse"];
const STEP = 50;

interface Point {
  choice: string;
  seed: number;
  answers: number;
  /** labelled candidates, and the positive ones among them */
  labels: number;
  positive: number;
  /** Recall@10 on the validation queries */
  recall: number;
}

const scratch = mkdtempSync(path.join(tmpdir(), "qdrl-labelling-"));
const [mode, ...rest] = process.argv.slice(2);
try {
  if (mode === "recall")
    await recall(rest[0]!.split(",").map(Number), Number(rest[1] ?? 150), rest[2]?.split(",") ?? CHOICES);
  else if (mode === "summary") summary(rest);
  else if (mode === "latency") await latency(Number(rest[0] ?? 100));
  else throw new Error(`mode must be recall, summary or latency, got ${mode}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Trains a run to begin with. */
async function trained(name: string, config: object): Promise<string> {
  const file = path.join(scratch, `${name}.yaml`);
  const own = { task_id: "labelling", run_id: name, output_dir: scratch, tensorboard: false };
  writeFileSync(file, JSON.stringify({ ...config, ...own }));
  return (await runExperiment(file, { listener: {} })).dir;
}

/** Texts of the documents that answer each training query. */
async function truthOf(dir: string): Promise<(query: string, document: string) => boolean> {
  const { columns } = await readTrainingRows(dir, "training", ["query_search_phrase", "document_name"]);
  const truth = new Map<string, Set<string>>();
  columns["query_search_phrase"]!.forEach((query, row) => {
    const known = truth.get(query) ?? new Set<string>();
    truth.set(query, known.add(columns["document_name"]![row]!));
  });
  return (query, document) => truth.get(query)?.has(document) ?? false;
}

/** Emoji by their names alone, then labelled: no label but the simulated user's is ever seen. */
async function recall(seeds: readonly number[], answers: number, choices: readonly string[]): Promise<void> {
  await ensureEmoji({ outDir: "data/emoji" });
  const run = await trained("names", {
    base: "configs/emoji/starter.yaml",
    dataset: { labelled_pairs: 0, document_pairs: "document_name" },
    recall_validation: { enabled: false },
  });
  const isRight = await truthOf("data/emoji");
  for (const seed of seeds)
    for (const choice of choices) {
      const folder = path.join(scratch, `${choice}-${seed}`);
      const labelling = await openLabelling(run, { seed, choice, folder, listener: {} });
      for (let done = 0; done <= answers; done++) {
        if (done % STEP === 0) console.log(JSON.stringify(pointOf(labelling, choice, seed)));
        if (done < answers) await answer(labelling, labelling.next()[0]!, isRight);
      }
      labelling.close();
      rmSync(folder, { recursive: true });
    }
}

function pointOf(labelling: Labelling, choice: string, seed: number): Point {
  const { positive, negative, done } = labelling.counters();
  const recall = labelling.measured()!.value;
  return { choice, seed, answers: done, labels: positive + negative, positive, recall };
}

async function answer(
  labelling: Labelling,
  { id, text, matches }: Question,
  isRight: (query: string, document: string) => boolean,
): Promise<void> {
  const labelled = matches.map((match) => ({
    id: match.id!,
    tags: { finetuner_label: isRight(text!, match.text!) ? 1 : -1 },
  }));
  await labelling.fit([{ id: id!, matches: labelled }]);
}

/** Means over seeds; differences from random choice with 95 % t-intervals, paired by seed. */
function summary(files: readonly string[]): void {
  const points = files
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Point);
  const seeds = [...new Set(points.map(({ seed }) => seed))];
  const answers = [...new Set(points.map((point) => point.answers))].sort((a, b) => a - b);
  const of = (choice: string, at: number) =>
    seeds.map((seed) => points.find((p) => p.choice === choice && p.answers === at && p.seed === seed)!);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(`seeds ${seeds.join(", ")}`);
  for (const at of answers.filter((each) => each > 0))
    for (const choice of CHOICES) {
      const [here, random, start] = [of(choice, at), of("random", at), of(choice, 0)].map((list) =>
        list.map((point) => point.recall),
      ) as [number[], number[], number[]];
      const against = (other: number[]) => {
        const { difference, low, high } = pairedTTest(here, other);
        return `${difference.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
      };
      const positives = mean(of(choice, at).map(({ positive }) => positive)).toFixed(0);
      console.log(
        `${at} answers, ${choice}: Recall@10 ${mean(here).toFixed(3)}, from the start ${against(start)}, from random ${choice === "random" ? "-" : against(random)}, positives ${positives}`,
      );
    }
}

/** Milliseconds of processor time since then, server and client together. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Milliseconds of POST /fit and of POST /next that follows it, as the page sends them. */
async function latency(answers: number): Promise<void> {
  const run = await trained("films", {
    base: "configs/recipes/robust.yaml",
    num_epochs: 1,
    dataset: { labelled_pairs: 2000, document_pairs: null },
    recall_validation: { enabled: false },
  });
  const isRight = await truthOf("data/msrd");
  const serving = await serveLabels(run, {
    folder: path.join(scratch, "films"),
    port: 0,
    rate: 10_000,
    listener: {},
  });
  const ask = async <T>(url: string, body: object): Promise<T> => {
    const answered = await fetch(`${serving.address}${url}`, {
      ...{ method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } },
    });
    if (!answered.ok) throw new Error(await answered.text());
    return (await answered.json()) as T;
  };
  const { documents } = serving.labelling.counters();
  const more = Array.from({ length: Math.max(0, 10_000 - documents) }, (_, i) => ({
    text: `further film ${i}`,
  }));
  if (more.length > 0) await ask("/feed", { documents: more });
  const times: { fit: number; next: number; cpu: number }[] = [];
  let { questions } = await ask<{ questions: Question[] }>("/next", { topk: 9 });
  for (let n = 0; n < answers; n++) {
    const [{ id, text, matches }] = questions as [Question];
    const labelled = matches.map((match) => ({
      id: match.id,
      tags: { finetuner_label: isRight(text!, match.text!) ? 1 : -1 },
    }));
    const started = performance.now();
    const before = process.cpuUsage();
    await ask("/fit", { documents: [{ id, matches: labelled }] });
    const trainedAt = performance.now();
    ({ questions } = await ask<{ questions: Question[] }>("/next", { topk: 9 }));
    times.push({ fit: trainedAt - started, next: performance.now() - trainedAt, cpu: cpuSince(before) });
  }
  const share = (values: number[], part: number) =>
    [...values].sort((a, b) => a - b)[Math.ceil(part * values.length) - 1]!.toFixed(0);
  for (const [name, of] of [
    ["answer and next question", ({ fit, next }) => fit + next],
    ["fit", ({ fit }) => fit],
    ["next", ({ next }) => next],
    ["processor time", ({ cpu }) => cpu],
  ] as [string, (time: (typeof times)[0]) => number][]) {
    const values = times.map(of);
    console.log(
      `${name}: p50 ${share(values, 0.5)} ms, p95 ${share(values, 0.95)} ms, most ${share(values, 1)} ms`,
    );
  }
  const { documents: stored, steps } = serving.labelling.counters();
  console.log(`${stored} documents, ${answers} answers, ${steps} steps`);
  await serving.close();
}
