// Encoding 10,000 short texts with all-MiniLM-L6-v2 in ONNX Runtime against sentence-transformers on the CPU, alternating.
//   npm run qdrl -- model import all-MiniLM-L6-v2 && node --import tsx bench/minilm-encode.ts [TEXTS] [PARTS] [THREADS]
// QDRL_ST_PYTHON names a Python that has sentence-transformers (default .cache/bench-st/bin/python). About 100 s.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { exportTransformer } from "../lib/encoders/onnx/export-transformer.js";
import { OnnxEncoder } from "../lib/encoders/onnx/onnx-encoder.js";
import { readTransformerFolder } from "../lib/encoders/pretrained/transformer-folder.js";
import { TransformerEncoder } from "../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { TokenReader } from "../lib/features/token-reader.js";
import { Alternation, cpuSeconds, report } from "./goal.js";
import { pythonPeer } from "./python-peer.js";

const count = Number(process.argv[2] ?? 10_000);
const parts = Number(process.argv[3] ?? 4);
const threads = Number(process.argv[4] ?? 1);
const folder = "data/models/all-MiniLM-L6-v2";
const python = process.env["QDRL_ST_PYTHON"] ?? ".cache/bench-st/bin/python";
const file = ".cache/bench/short-texts.json";

/** Texts of 3 to some 40 common words, 10 at the median. */
function shortTexts(): string[] {
  const words = readFileSync(path.join(folder, "vocab.txt"), "utf8")
    .split("\n")
    .filter((word) => /^[a-z]{2,}$/.test(word));
  const random = new Random(1);
  const word = () => words[Math.floor(words.length * random.next() ** 3)]!;
  return Array.from({ length: count }, () => {
    const length = 2 + Math.floor(Math.exp(2 + 0.6 * random.normal()));
    return Array.from({ length }, word).join(" ");
  });
}

await selectBackend("wasm");
const texts = shortTexts();
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, JSON.stringify(texts));
const model = readTransformerFolder(folder);
const names = { queryTextFeature: "text", documentTextFeature: "text" };
const encoder = new TransformerEncoder(
  { ...model, ...names, sides: "shared", initial: model.weights },
  new Random(1),
);
const session = await OnnxEncoder.open(exportTransformer(encoder, "query"), { threads });
const encode = async (some: readonly string[]) => {
  const column = new TokenReader(model.tokenizer, model.maxLength).read(some);
  return session.encodeAll({ size: some.length, columns: { text: column } });
};
const peer = await pythonPeer("bench/minilm-encode.py", [folder, file, threads], {
  ...{ python, threads, module: "sentence_transformers", probe: "32 0 256" },
});
if (!peer) process.exit(1);
type Answer = { wall: number; cpu: number; vectors: number[][] };

const ours = await encode(texts.slice(0, 8));
const { vectors } = await peer.ask<Answer>("8 0 8");
const apart = vectors.flat().reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i]!)), 0);
if (!(apart < 1e-5)) throw new Error(`embeddings must agree, got a difference of ${apart}`);
// the batch size that suits the other side best
const tried: { batch: number; wall: number }[] = [];
for (const batch of [16, 32, 64])
  tried.push({ batch, wall: (await peer.ask<Answer>(`${batch} 0 ${Math.ceil(count / 25)}`)).wall });
const { batch } = tried.sort((a, b) => a.wall - b.wall)[0]!;
const [wall, cpu] = [new Alternation(), new Alternation()];
for (let part = 0; part < parts; part++) {
  const [from, to] = [part, part + 1].map((at) => Math.round((at * count) / parts)) as [number, number];
  const [began, usage] = [performance.now(), process.cpuUsage()];
  await encode(texts.slice(from, to));
  const [seconds, busy] = [(performance.now() - began) / 1000, cpuSeconds(usage)];
  const theirs = await peer.ask<Answer>(`${batch} ${from} ${to}`);
  wall.add(seconds, theirs.wall);
  cpu.add(busy, theirs.cpu);
}
peer.stop();
report({
  what: `encoding ${count.toLocaleString("en")} short texts with MiniLM, against sentence-transformers (batches of ${batch}), ${threads} thread${threads === 1 ? "" : "s"}`,
  ...{ goal: 1.2, unit: "×", figure: wall.ratio },
  detail: `${wall.detail(`s for each ${parts}th of them`)}; by CPU time ${cpu.ratio.toFixed(2)} ×; embeddings differ by ${apart.toExponential(1)} at most`,
});
process.exit(0);
