/**
 * Quality of an encoder of words against a bag of the same shape, tokens, pairs and loss in plain PyTorch:
 * `node --import tsx bench/bag.ts CONFIG [seeds, e.g. 1,2,3] [key=value …]`. The configuration must be a TwoTower without a layer
 * on one table, with in-batch softmax and no typos taught. PyTorch's table is put into the same encoder, so one search measures
 * both, on the same queries, misspelled ones too. PyTorch trains with both starts, its own N(0, 1) and 1/√dim.
 * `QDRL_TORCH_PYTHON` names another interpreter. Figures: bench/README.md.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import { columnOf } from "../lib/encoders/encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { evaluate } from "../lib/evaluation/evaluate.js";
import { loadConfig } from "../lib/experiment/load-config.js";
import { loadExperiment } from "../lib/experiment/load-experiment.js";
import type { ExperimentConfig } from "../lib/experiment/schema.js";
import { encoderSpec } from "../lib/experiment/specs.js";
import { resolveTableSizes } from "../lib/experiment/table-sizes.js";
import { textColumnsOf } from "../lib/experiment/text-columns.js";
import { bootstrapInterval } from "../lib/metrics/bootstrap.js";
import { DenseRetriever } from "../lib/retrieval/retrievers/dense-retriever.js";
import { encoderPreparation } from "../lib/retrieval/retrievers/run-retriever.js";
import type { QueryResult } from "../lib/tracking/run-folder.js";
import { train } from "../lib/training/train.js";

const [file = "configs/recipes/words.yaml", seedList = "1,2,3", ...overrides] = process.argv.slice(2);
const seeds = seedList.split(",").map(Number);
const python = process.env["QDRL_TORCH_PYTHON"] ?? "/usr/bin/python3";
const folder = ".cache/bench/bag";
const TYPOS = [0, 0.75];
const MEASURES = ["nDCG@10", "MRR@10", "Recall@10"];

const config = (seed: number): ExperimentConfig =>
  loadConfig(file, [
    ...["task_id=bench-bag", `seed=${seed}`, "keep_checkpoints=0", "tensorboard=false"],
    ...[`recall_validation.query_typo_probabilities=${JSON.stringify(TYPOS)}`],
    ...['recall_validation.measures=["nDCG@10"]', "recall_validation.k=[10, 100]"],
    ...overrides,
    `run_id=${[file, ...overrides]
      .join("-")
      .replaceAll(/[^a-z0-9]+/gi, "-")
      .slice(0, 60)}-${seed}`,
  ]);

await selectBackend("wasm");
mkdirSync(folder, { recursive: true });
const first = resolveTableSizes(config(seeds[0]!));
const { model, negatives, loss } = first;
if (model.type !== "TwoTower" || loss.type !== "batch_softmax" || first.typos || negatives.type !== "batch")
  throw new Error(`${file}: must be a TwoTower with in-batch softmax and no typos taught`);
const spec = encoderSpec(first);
const data = await loadExperiment(first, {});
const texts = (side: "queries" | "documents") =>
  columnOf(data.pairs[side], side === "queries" ? spec.queryTextFeature : spec.documentTextFeature, "text");
const write = (name: string, ids: Int32Array) =>
  writeFileSync(`${folder}/${name}.i32`, new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
write("queries", texts("queries").ids);
write("documents", texts("documents").ids);
write("query_of", data.pairs.queryOf);
write("document_of", data.pairs.documentOf);

const { numEmbeddings: rows, embeddingDim: dim } = spec.textEmbedding;
const starts = { "PyTorch, N(0, 1)": 1, "PyTorch, N(0, 1/dim)": 1 / Math.sqrt(dim) };
const found: Record<string, QueryResult[][]> = { qdrl: [] };
for (const seed of seeds) {
  found["qdrl"]!.push([...(await train(config(seed), { threads: 1 })).queries()]);
  for (const [name, std] of Object.entries(starts)) {
    const output = `${folder}/table.f32`;
    const options = {
      ...{ folder, rows, dim, std, seed, output, threads: 1, length: texts("queries").length },
      ...{ epochs: first.num_epochs, batch: first.batch_size, rate: first.learning_rate },
      ...{ temperature: loss.temperature, mask: negatives.mask === "known_positives" },
    };
    execFileSync(python, [new URL("bag_torch.py", import.meta.url).pathname, JSON.stringify(options)], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    (found[name] ??= []).push(await measured(output));
  }
}

/** The encoder with the table in `path` on every evaluation set. */
async function measured(path: string): Promise<QueryResult[]> {
  const encoder = createEncoder(spec, new Random(0));
  const bytes = readFileSync(path);
  encoder.tables["text"]!.setWeights(
    new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
  );
  const { perQuery } = await evaluate({
    sets: data.sets,
    retriever: new DenseRetriever({ encoder, ...data.features }, first.recall_validation.similarity),
    ...{ ks: first.recall_validation.k, measures: first.recall_validation.measures },
    typoProbabilities: TYPOS,
    textColumns: textColumnsOf(first).textColumns,
    ...encoderPreparation(first),
  });
  encoder.dispose();
  return perQuery;
}

/** Means over seeds, one number per query. */
function valuesOf(system: string, set: string, typo: number, measure: string): number[] {
  const runs = found[system]!.map((results) => results.filter((r) => r.set === set && r.typo === typo));
  return runs[0]!.map((_, q) => runs.reduce((sum, run) => sum + run[q]!.values[measure]!, 0) / runs.length);
}

const format = (value: number) => value.toFixed(3);
for (const { name: set, queries } of data.sets) {
  console.log(
    `\n${file}, ${set}, ${queries.length} queries, seeds ${seeds.join(", ")}; qdrl less the other [95 %]`,
  );
  for (const typo of TYPOS)
    for (const measure of MEASURES) {
      const own = valuesOf("qdrl", set, typo, measure);
      const line = [`typos ${typo} ${measure}: qdrl ${format(bootstrapInterval(own).mean)}`];
      for (const name of Object.keys(starts)) {
        const other = valuesOf(name, set, typo, measure);
        const { mean, low, high } = bootstrapInterval(own.map((value, q) => value - other[q]!));
        line.push(
          `${name} ${format(bootstrapInterval(other).mean)} (${mean < 0 ? "" : "+"}${format(mean)} [${format(low)}, ${format(high)}])`,
        );
      }
      console.log(line.join("; "));
    }
}
