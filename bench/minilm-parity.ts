// Our embeddings of all-MiniLM-L6-v2, by tfjs and by ONNX Runtime, against sentence-transformers' own (frozen).
//   npm run qdrl -- model import all-MiniLM-L6-v2 && node --import tsx bench/minilm-parity.ts
// Fails where they differ by more than 1e-4. Not a unit test, because the weights (87 MiB) are not in the repository.
import { readFileSync } from "node:fs";
import { encodeAll } from "../lib/encoders/encode-all.js";
import { exportTransformer } from "../lib/encoders/onnx/export-transformer.js";
import { OnnxEncoder } from "../lib/encoders/onnx/onnx-encoder.js";
import { readTransformerFolder } from "../lib/encoders/pretrained/transformer-folder.js";
import { TransformerEncoder } from "../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { TokenReader } from "../lib/features/token-reader.js";

const { texts, embeddings } = JSON.parse(readFileSync("tests/fixtures/transformer/minilm.json", "utf8")) as {
  texts: string[];
  embeddings: string[];
};
await selectBackend("wasm");
const model = readTransformerFolder(process.argv[2] ?? "data/models/all-MiniLM-L6-v2");
const names = { queryTextFeature: "text", documentTextFeature: "text" };
const encoder = new TransformerEncoder(
  { ...model, ...names, sides: "shared", initial: model.weights },
  new Random(1),
);
const column = new TokenReader(model.tokenizer, model.maxLength).read(texts);
const batch = { size: texts.length, columns: { text: column } };
const expected = Float32Array.from(
  embeddings.flatMap((bytes) => {
    const copy = new Uint8Array(Buffer.from(bytes, "base64"));
    return Array.from(new Float32Array(copy.buffer));
  }),
);
const session = await OnnxEncoder.open(exportTransformer(encoder, "query"));
for (const [name, actual] of [
  ["tfjs", encodeAll(encoder, batch, "query")],
  ["ONNX Runtime", await session.encodeAll(batch)],
] as const) {
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  console.log(`${name}: largest difference from sentence-transformers ${worst.toExponential(2)}`);
  if (!(worst <= 1e-4)) process.exitCode = 1;
}
await session.dispose();
encoder.dispose();
