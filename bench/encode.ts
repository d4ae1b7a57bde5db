/**
 * Encoding speed: documents/s through the baseline's document tower (200,000 × 256 table, hidden 128, output 128,
 * about 8 tokens each), ids in, embeddings out. `npx tsx bench/encode.ts [rounds]`; see bench/README.md.
 */
import { createEncoder } from "../lib/encoders/create-encoder.js";
import { encodeAll } from "../lib/encoders/encode-all.js";
import type { EncoderSpec } from "../lib/encoders/encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { createFusedTrainer } from "../lib/fused/fused-trainer.js";
import { median, timeMs } from "./measure.js";
import { zipfPairs } from "./zipf-pairs.js";

const rounds = Number(process.argv[2] ?? 5);
const rows = 200_000;
const pairs = zipfPairs({ count: 65_536, rows });
const { length, count: size } = pairs;
const batch = { size, columns: { title: { kind: "text" as const, length, ids: pairs.documents } } };
const encoderSpec: EncoderSpec = {
  kind: "TwoTower",
  textEmbedding: { numEmbeddings: rows, embeddingDim: 256 },
  hiddenLayers: [128],
  outputDim: 128,
  queryTextFeature: "query",
  documentTextFeature: "title",
};

console.log((await selectBackend("auto")).line);
const encoder = createEncoder(encoderSpec, new Random(1));
const fused = [1, 2].map((threads) => {
  const { trainer, reason } = createFusedTrainer({
    encoderSpec,
    lossSpec: { kind: "batch_softmax", temperature: 0.1 } as { kind: string },
    optimizerSpec: { kind: "sgd", learningRate: 0.01 },
    maxBatch: 1024,
    queryLength: length,
    documentLength: length,
    threads,
  });
  if (!trainer) throw new Error(reason);
  trainer.initialise((values) => void values.fill(0.01));
  return trainer;
});
const runs: [string, () => void][] = [
  ["encodeAll, tfjs", () => void encodeAll(encoder, batch, "document")],
  ["fused, 1 thread", () => void fused[0]!.encode(batch, "document")],
  ["fused, 2 threads", () => void fused[1]!.encode(batch, "document")],
];
const times = runs.map(() => [] as number[]);
for (let round = 0; round <= rounds; round++)
  runs.forEach(([, run], i) => {
    const elapsed = timeMs(run);
    if (round > 0) times[i]!.push(elapsed); // the first round warms up
  });
runs.forEach(([name], i) => {
  const rate = (ms: number) => `${((size / ms) * 1000).toFixed(0)}`;
  console.log(`${name}: ${rate(median(times[i]!))} documents/s (best ${rate(Math.min(...times[i]!))})`);
});
process.exit(0);
