// Pictures per second of each stage, from file to embedding, in one process; the last column says what limits it.
//   npx tsx bench/images.ts [pictures]
import { readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { decodeDefaults } from "../lib/datasets/images/decode-picture.js";
import { PictureStore } from "../lib/datasets/images/picture-store.js";
import { PatchEncoder } from "../lib/encoders/image/patch-encoder.js";
import { ResidualCnn } from "../lib/encoders/image/residual-cnn.js";
import { ParameterSet } from "../lib/encoders/parameter-set.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random.js";
import { augmentPicture } from "../lib/features/augment-picture.js";
import { median, timeMs } from "./measure.js";

const BATCH = 64;
const SIZE = 32;
const folder = "node_modules/openmoji/color/svg";

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 512);
  console.log((await selectBackend()).line);
  const files = readdirSync(folder).slice(0, count);
  const cacheDir = path.join(os.tmpdir(), `qdrl-bench-${process.pid}`);
  const options = {
    ...decodeDefaults,
    size: SIZE,
    folders: [folder],
    downloads: null,
    cacheDir,
    onError: "fail" as const,
  };
  const rates: [string, number][] = [];
  const load = async (name: string) => {
    const store = new PictureStore(options);
    const start = performance.now();
    await store.load(files);
    rates.push([name, (1000 * files.length) / (performance.now() - start)]);
    return store;
  };
  await load("decode SVG (librsvg, 4 at a time)");
  const store = await load("read from the cache");
  const pixels = store.get(files[0]!)!;
  const random = new Random(1);
  const changes = { flip: 0.5, crop: 0.7, colour: 0.3, blur: 0.3 };
  const augment = timeMs(() => {
    for (let i = 0; i < 2000; i++) augmentPicture(pixels, SIZE, changes, random);
  });
  rates.push(["augment", 2_000_000 / augment]);
  const batch = Float32Array.from({ length: BATCH * SIZE * SIZE * 3 }, () => random.normal());
  const cnn = new ParameterSet("cnn", random);
  const patches = new ParameterSet("patches", random);
  const encoders = [
    {
      name: "CNN 16-32-64",
      set: cnn,
      encoder: new ResidualCnn(
        { size: SIZE, channels: [16, 32, 64], blocks: 1, stemStride: 2, outputDim: 64 },
        cnn,
      ),
    }, // prettier-ignore
    {
      name: "patches of 8, 2 layers",
      set: patches,
      encoder: new PatchEncoder(
        { size: SIZE, patch: 8, width: 64, layers: 2, mixing: "mlp", heads: 4, outputDim: 64 },
        patches,
      ),
    }, // prettier-ignore
  ];
  for (const { name, set, encoder } of encoders) {
    const loss = () => tf.sum(tf.square(encoder.apply(batch, BATCH))) as tf.Scalar;
    const weights = Object.values(set.variables);
    const forward = () => void tf.tidy(() => loss().dataSync());
    const step = () =>
      tf.tidy(() => {
        for (const slope of Object.values(tf.variableGrads(loss, weights).grads)) slope.dataSync();
      });
    for (const [what, run] of [
      ["forward", forward],
      ["forward and backward", step],
    ] as const) {
      // prettier-ignore
      run();
      rates.push([`${name}, ${what}`, (1000 * BATCH) / median(Array.from({ length: 7 }, () => timeMs(run)))]);
    }
  }
  const slowest = Math.min(...rates.map(([, rate]) => rate));
  for (const [name, rate] of rates)
    console.log(
      `${name.padEnd(44)} ${rate.toFixed(0).padStart(8)} pictures/s ${(rate / slowest).toFixed(1).padStart(7)} times the slowest`,
    );
}

void main();
