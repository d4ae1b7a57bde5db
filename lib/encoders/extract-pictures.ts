import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type DecodeOptions, decodePicture } from "../datasets/images/decode-picture.js";
import { pictureBytes } from "../datasets/images/picture-bytes.js";
import { RecordPack } from "../datasets/images/record-pack.js";
import { type Listener, throttled } from "../engine/progress.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { npyBytes } from "../files/npy.js";
import { UserError } from "../files/user-error.js";
import { OnnxExtractor, type OnnxExtractorOptions } from "./image/onnx-extractor.js";

export interface ExtractOptions extends OnnxExtractorOptions, DecodeOptions {
  /** ONNX file, or hf:owner/name/path.onnx to fetch it from the Hugging Face hub */
  model: string;
  /** picture cells: paths, bytes or addresses, as in a data set */
  cells: readonly string[];
  /** folders that relative paths are tried in */
  folders: readonly string[];
  /** written: `<out>.npy` and `<out>.keys.txt`, a row per picture */
  out: string;
  /** features by content of picture and model; null = none */
  cacheDir: string | null;
  listener?: Listener;
}

const BATCH = 16;

/**
 * Runs pictures through a frozen ONNX model and writes the features as a vector file, which a feature of type vector
 * reads with the picture's cell as key. A picture met before, by content, is taken from the cache.
 *
 * @returns pictures extracted, taken from the cache, and the features' width
 */
export async function extractPictures(
  options: ExtractOptions,
): Promise<{ extracted: number; fromCache: number; dim: number }> {
  const model = await modelBytes(options.model);
  const extractor = await OnnxExtractor.open(model, options.model, options);
  try {
    const blank = new Uint8Array(options.size * options.size * 3);
    const { dim } = await extractor.extract(blank, 1);
    const setting = createHash("sha256")
      .update(model)
      .update(JSON.stringify(settingsOf(options)));
    const name = `features-${setting.digest("hex").slice(0, 24)}.pack`;
    const pack =
      options.cacheDir === null ? null : new RecordPack(path.join(options.cacheDir, name), dim * 4);
    const cells = [...new Set(options.cells)].filter((cell) => cell !== "");
    const features = new Float32Array(cells.length * dim);
    const counts = { extracted: 0, fromCache: 0, dim };
    const report = throttled(options.listener ?? {});
    for (let start = 0; start < cells.length; start += BATCH) {
      const some = cells.slice(start, start + BATCH);
      const waiting: { row: number; key: string; pixels: Uint8Array }[] = [];
      for (const [i, cell] of some.entries()) {
        const bytes = pictureBytes(cell, { folders: options.folders, downloads: null });
        const key = createHash("sha256").update(bytes).digest("hex");
        const cached = pack?.get(key);
        if (cached !== undefined) {
          features.set(new Float32Array(Uint8Array.from(cached).buffer), (start + i) * dim);
          counts.fromCache++;
        } else waiting.push({ row: start + i, key, pixels: await decodePicture(bytes, cell, options) });
      }
      if (waiting.length > 0) {
        const pixels = new Uint8Array(waiting.length * blank.length);
        waiting.forEach((item, i) => {
          pixels.set(item.pixels, i * blank.length);
        });
        const found = await extractor.extract(pixels, waiting.length);
        waiting.forEach(({ row, key }, i) => {
          const vector = found.features.slice(i * dim, (i + 1) * dim);
          features.set(vector, row * dim);
          pack?.add(key, new Uint8Array(vector.buffer));
        });
        counts.extracted += waiting.length;
      }
      report({ task: "extract", done: start + some.length, total: cells.length, unit: "pictures" });
    }
    pack?.flush();
    atomicWriteFile(`${options.out}.npy`, npyBytes(features, [cells.length, dim]));
    atomicWriteFile(`${options.out}.keys.txt`, `${cells.join("\n")}\n`);
    return counts;
  } finally {
    await extractor.dispose();
  }
}

/** Everything that changes the features beside the model. */
function settingsOf({ size, mean, std, layout, output, fit, background }: ExtractOptions) {
  return { size, mean, std, layout, output, fit, background };
}

async function modelBytes(source: string): Promise<Uint8Array> {
  const hub = /^hf:([^/]+\/[^/]+)\/(.+)$/.exec(source);
  if (hub === null) {
    if (!fs.existsSync(source)) throw new UserError(`${source}: ONNX file must exist, found none`);
    return fs.readFileSync(source);
  }
  const address = `https://huggingface.co/${hub[1]}/resolve/main/${hub[2]}`;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new UserError(`${address}: could not be fetched (${cause}); give a local ONNX file instead`);
  }
}
