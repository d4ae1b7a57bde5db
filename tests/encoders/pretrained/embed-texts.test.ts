import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeAll } from "../../../lib/encoders/encode-all.js";
import { embedTexts } from "../../../lib/encoders/pretrained/embed-texts.js";
import { readTransformerFolder } from "../../../lib/encoders/pretrained/transformer-folder.js";
import { TransformerEncoder } from "../../../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { TokenReader } from "../../../lib/features/token-reader.js";
import { writeTinyTransformer } from "../../support/tiny-transformer.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-embed-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

describe("embedTexts", () => {
  const model = path.join(root, "tiny");
  const cacheDir = path.join(root, ".vectors");
  writeTinyTransformer(model);

  it("embeds as the encoder in tfjs does, each text once, whatever call asks for it", async () => {
    const done: number[] = [];
    const embed = (texts: readonly string[]) =>
      embedTexts(model, texts, { threads: 1, onProgress: (_, total) => done.push(total) });
    const texts = ["red shoe", "blue lamp with more words than fit in", "", "red shoe"];
    const { vectors, dim } = await embed(texts);
    await selectBackend("wasm");
    const read = readTransformerFolder(model);
    const sides = { sides: "shared", queryTextFeature: "t", documentTextFeature: "t" } as const;
    const encoder = new TransformerEncoder({ ...read, ...sides, initial: read.weights }, new Random(1));
    const tokens = new TokenReader(read.tokenizer, read.maxLength).read(texts);
    const expected = encodeAll(encoder, { size: texts.length, columns: { t: tokens } }, "document");
    expect(dim).toBe(32);
    for (let i = 0; i < vectors.length; i++) expect(vectors[i]).toBeCloseTo(expected[i]!, 5);
    const again = await embed(["blue lamp with more words than fit in", "pink clock"]);
    expect([...again.vectors.subarray(0, dim)]).toEqual([...vectors.subarray(dim, 2 * dim)]);
    expect(done).toEqual([3, 1]);
    encoder.dispose();
  });

  it("keeps another model's vectors apart, also one of the same name", async () => {
    const [before] = fs.readdirSync(cacheDir);
    fs.writeFileSync(path.join(model, "sentence_bert_config.json"), JSON.stringify({ max_seq_length: 5 }));
    await embedTexts(model, ["red shoe"], { threads: 1 });
    expect(fs.readdirSync(cacheDir)).toHaveLength(2);
    expect(fs.readdirSync(cacheDir)).toContain(before);
  });
});
