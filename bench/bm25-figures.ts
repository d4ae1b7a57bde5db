// BM25 on the three public sets with human judgements, beside the figures published or measured for them elsewhere.
//   node --import tsx bench/bm25-figures.ts DIR      DIR holds scifact/, msrd_movies/, chorus_icecat/ as published
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { importChorus } from "../lib/datasets/importers/chorus.js";
import { importScifact } from "../lib/datasets/importers/scifact.js";
import { readItems } from "../lib/datasets/items.js";
import { evaluationFilesOf, openDataset } from "../lib/datasets/open-dataset.js";
import { readQueries } from "../lib/datasets/queries.js";
import { meanAndVariance } from "../lib/metrics/sample.js";
import { type GradedQrels, type ScoredDocument, scoreRun } from "../lib/metrics/score-run.js";
import { Bm25Index } from "../lib/retrieval/lexical/bm25.js";
import { type Bm25VariantName, bm25VariantNames } from "../lib/retrieval/lexical/bm25-variants.js";
import { createAnalyzer } from "../lib/retrieval/lexical/text-analysis.js";

interface Task {
  name: string;
  /** what others got, nDCG@10 unless said */
  reference: string;
  ids: string[];
  texts: string[];
  queries: Map<string, string>;
  qrels: GradedQrels;
}

const source = process.argv[2];
if (!source) {
  console.log(
    "usage: node --import tsx bench/bm25-figures.ts DIR (with scifact/, msrd_movies/, chorus_icecat/)",
  );
  process.exit(1);
}
const scratch = mkdtempSync(path.join(os.tmpdir(), "qdrl-bm25-"));
try {
  const tasks = [...(await scifact()), ...msrd(), ...(await chorus())];
  const measures = ["nDCG@10", "nDCG(judged)@10", "Recall@100", "MRR@10"];
  console.log(`| set | variant | ${measures.join(" | ")} | queries | elsewhere |`);
  console.log(`|---|---|${measures.map(() => "---|").join("")}---|---|`);
  for (const task of tasks) for (const variant of bm25VariantNames) report(task, variant, measures);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function report(task: Task, variant: Bm25VariantName, measures: string[]): void {
  const analyze = createAnalyzer({ minLength: 2, stopWords: "english", stemmer: "english" });
  const index = Bm25Index.build(task.texts.map(analyze), { k1: 0.9, b: 0.4, variant });
  const run = new Map<string, ScoredDocument[]>();
  for (const [id, text] of task.queries) {
    const { ids, scores } = index.search(analyze(text), 100);
    run.set(
      id,
      Array.from(ids, (d, i) => ({ id: task.ids[d]!, score: scores[i]! })),
    );
  }
  const { queries, values } = scoreRun(task.qrels, run, measures, { queries: "relevant" });
  const means = measures.map((name) => meanAndVariance(values[name]!).mean.toFixed(4));
  const elsewhere = variant === "lucene" ? task.reference : "";
  console.log(`| ${task.name} | ${variant} | ${means.join(" | ")} | ${queries.length} | ${elsewhere} |`);
}

async function scifact(): Promise<Task[]> {
  const outDir = path.join(scratch, "scifact");
  await importScifact({ from: path.join(source!, "scifact"), outDir });
  const set = await read(outDir, ["document_text"]);
  return [{ ...set[0]!, name: "SciFact", reference: ".679, Recall@100 .925 (Pyserini)" }];
}

async function chorus(): Promise<Task[]> {
  const outDir = path.join(scratch, "chorus");
  await importChorus({ from: path.join(source!, "chorus_icecat"), outDir });
  const [all, titles] = await read(outDir, ["document_text", "document_name"]);
  return [
    { ...all!, name: "Chorus, all fields", reference: ".735" },
    { ...titles!, name: "Chorus, titles", reference: ".652" },
  ];
}

/** All 16,279 searches, as the figures elsewhere were measured: nothing is trained here. */
function msrd(): Task[] {
  const text = (name: string) =>
    gunzipSync(readFileSync(path.join(source!, "msrd_movies", name))).toString("utf8");
  const films = text("movies-corpus.jsonl.gz")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string | string[] | number>);
  const queries = new Map<string, string>();
  const qrels = new Map<string, Map<string, number>>();
  for (const line of text("movies-judgments.tsv.gz").trimEnd().split("\n").slice(1)) {
    const [id, phrase, document, grade] = line.split("\t") as [string, string, string, string];
    queries.set(id, phrase);
    if (!qrels.has(id)) qrels.set(id, new Map());
    qrels.get(id)!.set(document, Number(grade));
  }
  const fields = ["title", "overview", "tags", "genres", "director", "actors", "characters", "year"];
  const ids = films.map((film) => String(film["id"]));
  return [
    {
      name: "MSRD, all fields",
      reference: ".736",
      ids,
      texts: films.map((film) =>
        fields.map((field) => String(film[field] ?? "").replaceAll(",", " ")).join(" "),
      ),
      queries,
      qrels,
    },
    {
      name: "MSRD, titles",
      reference: ".807",
      ids,
      texts: films.map((film) => String(film["title"])),
      queries,
      qrels,
    },
  ];
}

async function read(dir: string, fields: string[]): Promise<Task[]> {
  const set = evaluationFilesOf(openDataset(dir));
  const { items, ids } = await readItems(set.itemsPath);
  const { queries } = await readQueries(set.queriesPath);
  const qrels = new Map(
    queries.map((query) => [
      query.id,
      new Map(query.grades ? Object.entries(query.grades) : query.relevantIds.map((id) => [id, 1] as const)),
    ]),
  );
  return fields.map((field) => ({
    name: "",
    reference: "",
    ids,
    texts: items.map((item) => item[field] ?? ""),
    queries: new Map(queries.map((query) => [query.id, query.fields["query_search_phrase"]!])),
    qrels,
  }));
}
