// Peak memory of encoding a corpus of short documents into a store on disk: it must not grow with the corpus.
//   node --import tsx bench/encode-memory.ts
// Each size runs in a process of its own; documents are made as they are read.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import { encodeAll } from "../lib/encoders/encode-all.js";
import type { EncoderSpec } from "../lib/encoders/encoder.js";
import { exportEncoder } from "../lib/encoders/onnx/export-encoder.js";
import { OnnxEncoder } from "../lib/encoders/onnx/onnx-encoder.js";
import { smallArchitecture } from "../lib/encoders/transformer/architecture.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import type { FeatureBatch } from "../lib/features/batch.js";
import { tokenColumn } from "../lib/features/token-column.js";
import { VectorStore } from "../lib/files/vector-store.js";
import { encodeCorpus } from "../lib/retrieval/retrievers/encode-corpus.js";

const V = 8000;
const LENGTH = 16;
const [system, rowsText] = process.argv.slice(2);
if (system === undefined) {
  console.log(`${"system".padEnd(32)} documents   peak MiB   documents/s   store MiB`);
  for (const name of ["bag", "transformer"])
    for (const rows of [20_000, 100_000]) {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", process.argv[1]!, name, String(rows)],
        { encoding: "utf8" },
      );
      process.stdout.write(stdout || stderr);
    }
} else await encode(system, Number(rowsText));

async function encode(name: string, rows: number): Promise<void> {
  await selectBackend("wasm");
  const isBag = name === "bag";
  const text = "text";
  const spec: EncoderSpec = {
    kind: isBag ? "TwoTower" : "Transformer",
    textEmbedding: { numEmbeddings: V, embeddingDim: 128 },
    outputDim: 128,
    queryTextFeature: text,
    documentTextFeature: text,
    hiddenLayers: [],
    transformer: {
      architecture: smallArchitecture(V, 128, 2),
      pooling: "mean",
      normalize: true,
      sides: "shared",
      queryTextFeature: text,
      documentTextFeature: text,
    },
  };
  const encoder = createEncoder(spec, new Random(1));
  const session = isBag ? null : await OnnxEncoder.open(exportEncoder(encoder, spec, "document"));
  const features = (from: number, count: number): FeatureBatch => {
    const random = new Random(from);
    if (!isBag)
      return {
        size: count,
        columns: {
          text: tokenColumn(
            Array.from({ length: count }, () => {
              const length = 4 + random.int(2 * LENGTH - 7);
              return {
                ids: Int32Array.from({ length }, () => 5 + random.int(V - 5)),
                typeIds: new Uint8Array(length),
              };
            }),
          ),
        },
      };
    const ids = Int32Array.from({ length: count * LENGTH }, () => random.int(V));
    return { size: count, columns: { text: { kind: "text", ids, length: LENGTH } } };
  };
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-memory-"));
  const store = VectorStore.open(dir, { dim: 128, rows, key: name });
  const began = performance.now();
  await encodeCorpus({
    store,
    features,
    embed: (batch) => (session ? session.encodeAll(batch) : encodeAll(encoder, batch, "document")),
  });
  const seconds = (performance.now() - began) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  const label = isBag ? "bag of words, tfjs" : "2 layers of 128, ONNX Runtime";
  console.log(
    `${label.padEnd(32)} ${String(rows).padStart(9)} ${peak.toFixed(0).padStart(10)} ${(rows / seconds).toFixed(0).padStart(13)} ${((rows * 512) / 2 ** 20).toFixed(0).padStart(11)}`,
  );
  store.close();
  fs.rmSync(dir, { recursive: true });
  process.exit(0);
}
