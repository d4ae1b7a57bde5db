// node --import tsx tools/gpu/measure.ts WAY MODEL SECONDS [quick]: trains a model for that long as a configuration would, and
// prints one line of JSON: { losses, pairsPerSecond, hostMb, engine } or { fault }. Ways: cpu (engine: auto), webgpu and cuda
// (engine: jit with that provider), tensorflow (that backend). Models: towers, MiniLM, CNN; quick: tiny ones of their kind.
import { availableParallelism } from "node:os";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { columnOf, countParameters, type Encoder } from "../../lib/encoders/encoder.js";
import { normalisedPixels } from "../../lib/encoders/image/picture-tensor.js";
import { ResidualCnn } from "../../lib/encoders/image/residual-cnn.js";
import { ParameterSet } from "../../lib/encoders/parameter-set.js";
import { smallArchitecture } from "../../lib/encoders/transformer/architecture.js";
import { TransformerEncoder } from "../../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../lib/engine/backend.js";
import type { GraphProvider } from "../../lib/engine/graph-provider.js";
import { Random } from "../../lib/engine/random/random.js";
import type { PairBatch } from "../../lib/experiment/pairs.js";
import type { FeatureBatch } from "../../lib/features/batch.js";
import { tokenColumn } from "../../lib/features/token-column.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { chooseTrainer, type TrainerChoice } from "../../lib/training/choose-trainer.js";
import { pairTask } from "../../lib/training/objectives/batch-task.js";
import type { Trainer } from "../../lib/training/trainer.js";

/** Steps whose losses are compared with the CPU's, and that are not timed: they make graphs and warm up. */
const COMPARED = 4;

interface Model {
  encoder: Encoder;
  pairs: number;
  side(length: "query" | "document"): FeatureBatch;
  fused?: Exclude<TrainerChoice["fused"], string>;
}

const [way, name, seconds, quick] = process.argv.slice(2) as [string, string, string, string | undefined];
const random = new Random(1);
const threads = availableParallelism();
const task = pairTask(batchSoftmax({ temperature: 0.1 }));
const learningRate = 1e-3;

/** Bags of 16 of 30,000 words, 128 wide, a layer of 512, 1,024 pairs. */
function towers(): Model {
  const [rows, dim, hidden, pairs] = quick ? [200, 8, 8, 16] : [30_000, 128, 512, 1024];
  const length = 16;
  const encoderSpec = {
    ...{ kind: "TwoTower", textEmbedding: { numEmbeddings: rows, embeddingDim: dim } },
    ...{ hiddenLayers: [hidden], lastLinear: true, outputDim: dim },
    ...{ queryTextFeature: "text", documentTextFeature: "text" },
  };
  const ids = () => Int32Array.from({ length: pairs * length }, () => 1 + random.int(rows - 1));
  const encoder = createEncoder(encoderSpec, new Random(2));
  return {
    ...{ encoder, pairs },
    side: () => ({ size: pairs, columns: { text: { kind: "text", ids: ids(), length } } }),
    fused: {
      ...{ task, encoderSpec, maxBatch: pairs, queryLength: length, documentLength: length, words: null },
      lossSpec: { kind: "batch_softmax", temperature: 0.1 } as never,
      optimizerSpec: { kind: "lazy_adam", learningRate },
      ...{ threads, mask: "none", teaching: null, positives: () => undefined },
    },
  };
}

/** 6 layers of 384 as MiniLM's, with 32 pairs of 16 and 64 word-pieces. */
function miniLm(): Model {
  const [words, dim, layers, pairs] = quick ? [100, 32, 1, 4] : [30_522, 384, 6, 32];
  const tokens = (length: number) =>
    Array.from({ length: pairs }, () => ({
      ids: Int32Array.from({ length }, () => 5 + random.int(words - 5)),
      typeIds: new Uint8Array(length),
    }));
  const dropout = { hiddenDropout: 0, attentionDropout: 0 };
  const encoder = new TransformerEncoder(
    {
      ...{ architecture: smallArchitecture(words, dim, layers, dropout), pooling: "mean", normalize: true },
      ...{ sides: "shared", queryTextFeature: "text", documentTextFeature: "text" },
    },
    new Random(2),
  );
  const side = (which: string): FeatureBatch => ({
    size: pairs,
    columns: { text: tokenColumn(tokens(which === "query" ? 16 : 64)) },
  });
  return { encoder, pairs, side };
}

/** A small ResNet of 16, 32 and 64 filters on 64 pairs of pictures of 32 · 32. */
function cnn(): Model {
  const [size, pairs] = quick ? [8, 4] : [32, 64];
  const channels = quick ? [4, 8] : [16, 32, 64];
  const set = new ParameterSet("cnn", new Random(2));
  const net = new ResidualCnn({ size, channels, blocks: 1, stemStride: 2, outputDim: 64 }, set);
  const embed = (batch: FeatureBatch) =>
    net.apply(normalisedPixels(columnOf(batch, "picture", "image")), batch.size);
  const encoder: Encoder = {
    ...{ kind: "cnn", outputDim: 64, weights: set.variables, tables: {}, training: true },
    ...{ parameterCount: countParameters(set.variables, {}), embedQueries: embed, embedDocuments: embed },
    ...{ randomState: () => null, setRandomState: () => {}, dispose: () => {} },
  };
  const pixels = () => Uint8Array.from({ length: pairs * size * size * 3 }, () => random.int(256));
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const side = (): FeatureBatch => ({
    size: pairs,
    columns: { picture: { kind: "image", size, ...scale, pixels: pixels() } },
  });
  return { encoder, pairs, side };
}

const models: Record<string, () => Model> = { towers, MiniLM: miniLm, CNN: cnn };

function trainerOf({ encoder, pairs, fused }: Model): { trainer: Trainer; engine: string } {
  const provider = way === "webgpu" || way === "cuda" ? (way as GraphProvider) : "cpu";
  return chooseTrainer({
    ...{ encoder, optimizer: createOptimizer({ kind: "lazy_adam", learningRate }) },
    engine: way === "cpu" ? "auto" : way === "tensorflow" ? "tfjs" : "jit",
    plain: () => ({ task, options: {} }),
    fused: fused ?? "no fused step",
    graphs: { batchSize: pairs, threads, provider, cacheDir: null },
  });
}

async function measure(): Promise<object> {
  await selectBackend(way === "tensorflow" ? "tensorflow" : "wasm");
  const model = models[name]!();
  const { trainer, engine } = trainerOf(model);
  const own = Int32Array.from({ length: model.pairs }, (_, i) => i);
  const batches: PairBatch[] = Array.from({ length: 4 }, () => ({
    ...{ queries: model.side("query"), documents: model.side("document"), queryIds: own, documentIds: own },
  }));
  const losses = Array.from({ length: COMPARED }, (_, i) => trainer.trainStep(batches[i % 4]!)!);
  const begin = performance.now();
  let steps = 0;
  do trainer.trainStep(batches[steps++ % 4]!);
  while (performance.now() - begin < Number(seconds) * 1000);
  const pairsPerSecond = (1000 * steps * model.pairs) / (performance.now() - begin);
  return { losses, pairsPerSecond, hostMb: process.resourceUsage().maxRSS / 1024, engine };
}

try {
  console.log(JSON.stringify(await measure()));
} catch (error) {
  console.log(JSON.stringify({ fault: (error as Error).message.split("\n")[0] }));
}
process.exit(0); // a device that is open keeps a process alive
