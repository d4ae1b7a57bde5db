/**
 * Training from part-files as a whole: Parquet read, texts cleaned and vectorised by reader threads, fused steps, one
 * epoch of 2.1 million generated pairs; forecast for the 32 million of the thesis and peak memory.
 * `npx tsx bench/stream.ts [batch] [reader threads] [training threads] [optimizer] [float32|bfloat16]`; see bench/README.md.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { describeTime } from "../lib/analysis/describe-time.js";
import { layout, partName } from "../lib/datasets/dataset-layout.js";
import { writeDictionary } from "../lib/datasets/dictionary-file.js";
import { writeParquet } from "../lib/datasets/parquet.js";
import { parseConfig } from "../lib/experiment/load-config.js";
import { train } from "../lib/training/train.js";
import { zipfPairs } from "./zipf-pairs.js";

const [batch, readers, threads] = [64, 1, 2].map((value, i) => Number(process.argv[2 + i] ?? value));
const optimizer = process.argv[5] ?? "adam";
const moments = process.argv[6] ?? "float32";
const folder = ".cache/bench/stream";
const [rows, parts, rowsPerPart] = [200_000, 8, 262_144];

/** A pronounceable word for an id, up to nine letters. */
function word(id: number): string {
  const [consonants, vowels] = ["bcdfghjklmnpqrstvwxz", "aeiouy"];
  let text = "";
  for (let rest = id + 1000; rest > 0; rest = Math.floor(rest / 120))
    text += consonants[rest % 20]! + vowels[Math.floor(rest / 20) % 6]!;
  return text;
}

function makeData(): void {
  for (let part = 0; part < parts; part++) {
    const pairs = zipfPairs({ count: rowsPerPart, rows, seed: 100 + part });
    const texts = (ids: Int32Array) =>
      Array.from({ length: rowsPerPart }, (_, i) => {
        const row = ids.subarray(i * pairs.length, (i + 1) * pairs.length);
        return [...row]
          .filter((id) => id > 0)
          .map(word)
          .join(" ");
      });
    mkdirSync(path.join(folder, layout.training), { recursive: true });
    writeParquet(path.join(folder, layout.training, partName(part)), {
      query_search_phrase: texts(pairs.queries),
      document_name: texts(pairs.documents),
    });
  }
  const entries = Array.from({ length: rows - 2000 }, (_, i) => ({
    key: word(i + 1),
    id: i + 1,
    count: 1,
  }));
  writeDictionary(path.join(folder, layout.tokenDictionary), "token", entries);
}

const config = parseConfig(
  `
task_id: bench
run_id: stream
seed: 1
num_epochs: 1
dataset_dir: ${folder}
output_dir: .cache/bench/runs
batch_size: ${batch}
learning_rate: 0.01
dataloader_workers: ${readers}
tensorboard: false
streaming: { mode: always }
optimizer: { type: ${optimizer}, row_moments: ${moments} }
dataset:
  query_features: [{ name: query_search_phrase, type: text }]
  document_features: [{ name: document_name, type: text }]
loss: { type: batch_softmax, temperature: 0.1 }
text_vectorizer: { type: dictionary, dictionary_path: token_dictionary, word_unigrams_limit: 10, num_oov_tokens: 2000 }
model:
  type: TwoTower
  text_embedding: { num_embeddings: ${rows}, embedding_dim: 256 }
  hidden_layers: [128]
  output_dim: 128
  query: { text_feature: query_search_phrase }
  document: { text_feature: document_name }
recall_validation: { enabled: false }
`,
  "bench/stream.ts",
);

if (!existsSync(path.join(folder, layout.tokenDictionary))) {
  console.log(`making ${parts * rowsPerPart} pairs in ${folder} …`);
  makeData();
}
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 200);
const run = await train(config, {
  fresh: true,
  ...(threads !== undefined && { threads }),
  listener: { line: (text) => console.log(text) },
});
clearInterval(watch);
const { seconds, count } = run.timings().find(({ name }) => name === "train")! as {
  seconds: number;
  count: number;
};
const rate = count / seconds;
const table = (rows * 256 * 4) / 1e9;
const own = table * (moments === "float32" ? 3 : 2);
console.log(
  `${count} pairs in ${seconds.toFixed(1)} s: ${rate.toFixed(0)} pairs/s; 32 million: ${(32e6 / rate / 60).toFixed(1)} minutes`,
);
console.log(
  `peak of resident memory ${(peak / 1e9).toFixed(2)} GB, of which table and moments ${own.toFixed(2)} GB in the kernels' memory and the table once more (${table.toFixed(2)} GB) in tfjs'`,
);
console.log(describeTime(run));
rmSync(run.dir, { recursive: true });
process.exit(0);
