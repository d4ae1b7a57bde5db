// Pictures per second from file to embedding, stage by stage in one process, and which stage limits training.
//   npx tsx bench/images.ts [pictures]
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import sharp from "sharp";
import { decodeDefaults } from "../lib/datasets/images/decode-picture.js";
import { PictureStore } from "../lib/datasets/images/picture-store.js";
import { PatchEncoder } from "../lib/encoders/image/patch-encoder.js";
import { ResidualCnn } from "../lib/encoders/image/residual-cnn.js";
import { ParameterSet } from "../lib/encoders/parameter-set.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { augmentPicture } from "../lib/features/augment-picture.js";
import { median, timeMs } from "./measure.js";

const BATCH = 64;
const SIZE = 32;
const ROUNDS = 7;
const drawings = "node_modules/openmoji/color/svg";
const work = path.join(os.tmpdir(), `qdrl-bench-${process.pid}`);

/** Pictures per second of wall time, and the cores that were busy with them. */
interface Rate {
  stage: string;
  perSecond: number;
  cores: number;
}

async function measured(stage: string, pictures: number, run: () => Promise<void> | void): Promise<Rate> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    stage,
    perSecond: (1000 * pictures) / elapsedMs,
    cores: (user + system) / 1000 / elapsedMs,
  };
}

/** The same drawings as files of 256 pixels. */
async function photographs(files: readonly string[], format: "png" | "jpeg" | "webp"): Promise<string> {
  const folder = path.join(work, format);
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const picture = sharp(readFileSync(path.join(drawings, file)), { density: 256 }).resize(256, 256);
    await picture.flatten({ background: "#fff" }).toFormat(format).toFile(path.join(folder, file));
  }
  return folder;
}

async function decoding(files: readonly string[]): Promise<{ rates: Rate[]; pixels: Uint8Array }> {
  const settings = { ...decodeDefaults, size: SIZE, downloads: null, onError: "fail" as const };
  const load = (folder: string, cacheDir: string | null) => async () => {
    const store = new PictureStore({ ...settings, folders: [folder], cacheDir });
    await store.load(files);
    return store;
  };
  const cacheDir = path.join(work, "cache");
  const rates: Rate[] = [];
  for (const format of ["png", "jpeg", "webp"] as const) {
    const folder = await photographs(files, format);
    const run = load(folder, null);
    rates.push(
      await measured(
        `decode ${format.toUpperCase()} of 256 pixels`,
        files.length,
        async () => void (await run()),
      ),
    );
  }
  rates.push(
    await measured(
      "decode SVG (OpenMoji)",
      files.length,
      async () => void (await load(drawings, cacheDir)()),
    ),
  );
  rates.push(
    await measured("read from the cache", files.length, async () => void (await load(drawings, cacheDir)())),
  );
  return { rates, pixels: (await load(drawings, cacheDir)()).get(files[0]!)! };
}

async function encoding(random: Random): Promise<Rate[]> {
  const batch = Float32Array.from({ length: BATCH * SIZE * SIZE * 3 }, () => random.normal());
  const cnnSet = new ParameterSet("cnn", random);
  const patchSet = new ParameterSet("patches", random);
  const cnn = { size: SIZE, channels: [16, 32, 64], blocks: 1, stemStride: 2, outputDim: 64 };
  const patches = {
    size: SIZE,
    patch: 8,
    width: 64,
    layers: 2,
    mixing: "mlp" as const,
    heads: 4,
    outputDim: 64,
  };
  const rates: Rate[] = [];
  for (const { name, set, encoder } of [
    { name: "CNN 16-32-64", set: cnnSet, encoder: new ResidualCnn(cnn, cnnSet) },
    { name: "patches of 8, 2 layers of 64", set: patchSet, encoder: new PatchEncoder(patches, patchSet) },
  ]) {
    const loss = () => tf.sum(tf.square(encoder.apply(batch, BATCH))) as tf.Scalar;
    const weights = Object.values(set.variables);
    const forward = () => void tf.tidy(() => loss().dataSync());
    const step = () =>
      tf.tidy(() => {
        for (const slope of Object.values(tf.variableGrads(loss, weights).grads)) slope.dataSync();
      });
    for (const [what, run] of [
      ["embed", forward],
      ["train", step],
    ] as const) {
      run();
      const times: number[] = [];
      const rate = await measured(`${what}, ${name}`, BATCH * ROUNDS, () => {
        for (let round = 0; round < ROUNDS; round++) times.push(timeMs(run));
      });
      rates.push({ ...rate, perSecond: (1000 * BATCH) / median(times) });
    }
  }
  return rates;
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 512);
  console.log((await selectBackend()).line);
  const random = new Random(1);
  const { rates, pixels } = await decoding(readdirSync(drawings).slice(0, count));
  const changes = { flip: 0.5, crop: 0.7, colour: 0.3, blur: 0.3 };
  rates.push(
    await measured("augment (flip, crop, colour, blur)", 4000, () => {
      for (let i = 0; i < 4000; i++) augmentPicture(pixels, SIZE, changes, random);
    }),
  );
  rates.push(...(await encoding(random)));
  for (const { stage, perSecond, cores } of rates)
    console.log(
      `${stage.padEnd(42)} ${perSecond.toFixed(0).padStart(8)} pictures/s ${cores.toFixed(1).padStart(5)} cores busy`,
    );
  const of = (stage: string) => 1 / rates.find((rate) => rate.stage.startsWith(stage))!.perSecond;
  const decodeAndEmbed = of("decode SVG") + of("embed, patches");
  console.log(
    `\nfile to embedding, one after the other: SVG ${(1 / decodeAndEmbed).toFixed(0)} pictures/s, ` +
      `${((100 * of("decode SVG")) / decodeAndEmbed).toFixed(0)} % of it decoding; ` +
      `JPEG ${(1 / (of("decode JPEG") + of("embed, patches"))).toFixed(0)} pictures/s`,
  );
  const epoch = of("read from the cache") + of("augment") + of("train, CNN");
  console.log(
    `training from the cache with augmentation, CNN: ${(1 / epoch).toFixed(0)} pictures/s, ` +
      `${((100 * of("train, CNN")) / epoch).toFixed(0)} % of it the encoder's step`,
  );
  rmSync(work, { recursive: true, force: true });
}

void main();
