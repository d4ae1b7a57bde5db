import fs from "node:fs";
import { createServer } from "node:http";
import os from "node:os";
import path from "node:path";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importModel } from "../../../lib/encoders/pretrained/import-model.js";
import {
  readTransformerFolder,
  writeTransformerFolder,
} from "../../../lib/encoders/pretrained/transformer-folder.js";
import { readTensorFile } from "../../../lib/files/safetensors.js";
import { bert, bertArchitecture, bertWeights } from "../transformer/bert-fixture.js";

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-folder-"));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ..."abcdefghij"];

/** A safetensors file as other programs write it: no checksum, any type, any names. */
function safetensors(tensors: Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }>): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ bytes }) => bytes)]);
}

function bertFiles(rename: (name: string) => string, extra: Record<string, unknown> = {}) {
  const tensors = Object.fromEntries(
    Object.entries(bertWeights).map(([name, { shape, data }]) => [
      rename(name),
      { dtype: "F32", shape, bytes: new Uint8Array(data.buffer) },
    ]),
  );
  const files: Record<string, Uint8Array> = {
    "config.json": Buffer.from(JSON.stringify({ ...bert.config, ...extra })),
    "model.safetensors": safetensors(tensors),
    "vocab.txt": Buffer.from(`${vocabulary.join("\n")}\n`),
    "tokenizer_config.json": Buffer.from(JSON.stringify({ do_lower_case: false })),
  };
  return files;
}

function write(files: Record<string, Uint8Array>, to = dir): void {
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(to, name)), { recursive: true });
    fs.writeFileSync(path.join(to, name), bytes);
  }
}

describe("readTransformerFolder", () => {
  it("reads another program's file, with its prefix and its old names", () => {
    const old = (name: string) => `bert.${name}`.replace("LayerNorm.weight", "LayerNorm.gamma");
    write(bertFiles(old));
    const model = readTransformerFolder(dir);
    expect(model.architecture).toEqual(bertArchitecture);
    expect(model).toMatchObject({ pooling: "mean", normalize: false, maxLength: 16 });
    expect(model.leftOut.sort()).toEqual(["pooler.dense.bias", "pooler.dense.weight"]);
    for (const [name, { data }] of Object.entries(model.weights))
      expect(data).toEqual(bertWeights[name]!.data);
    expect(model.tokenizer.tokenize("a A")).toEqual(["a", "[UNK]"]); // cased
  });

  it("takes pooling, normalising and length from sentence-transformers' files", () => {
    write({
      ...bertFiles((name) => name),
      "modules.json": Buffer.from(
        JSON.stringify(
          ["Transformer", "Pooling", "Normalize"].map((type, idx) => ({
            idx,
            path: idx === 1 ? "1_Pooling" : "",
            type: `sentence_transformers.models.${type}`,
          })),
        ),
      ),
      "1_Pooling/config.json": Buffer.from(
        JSON.stringify({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }),
      ),
      "sentence_bert_config.json": Buffer.from(JSON.stringify({ max_seq_length: 12 })),
    });
    expect(readTransformerFolder(dir)).toMatchObject({ pooling: "cls", normalize: true, maxLength: 12 });
  });

  it("lists every parameter that is missing or of another shape", () => {
    write(
      bertFiles((name) => name.replace("layer.1.output.dense.bias", "elsewhere"), { intermediate_size: 48 }),
    );
    expect(() => readTransformerFolder(dir)).toThrow(
      /encoder\.layer\.0\.intermediate\.dense\.weight must be \[48, 32\], got \[64, 32\].*encoder\.layer\.1\.output\.dense\.bias \[32\] is missing/s,
    );
  });

  it("refuses other architectures and folders without weights, naming what there is", () => {
    write(bertFiles((name) => name, { hidden_act: "relu" }));
    expect(() => readTransformerFolder(dir)).toThrow(/hidden_act must be gelu, got relu/);
    fs.rmSync(path.join(dir, "model.safetensors"));
    write(bertFiles((name) => name));
    fs.rmSync(path.join(dir, "model.safetensors"));
    expect(() => readTransformerFolder(dir)).toThrow(/must exist, got config.json/);
  });

  it("gives back what writeTransformerFolder wrote, for every pooling", () => {
    write(bertFiles((name) => name));
    const model = readTransformerFolder(dir);
    const saved = path.join(dir, "saved");
    for (const pooling of ["cls", "mean", "max", "pooler", "gem"] as const) {
      fs.rmSync(saved, { recursive: true, force: true });
      writeTransformerFolder(saved, {
        ...model,
        weights: bertWeights,
        pooling,
        normalize: true,
        maxLength: 9,
      });
      const again = readTransformerFolder(saved);
      expect(again).toMatchObject({ pooling, normalize: true, maxLength: 9 });
      expect(again.architecture).toEqual(model.architecture);
      expect(again.tokenizer.vocabulary).toEqual(vocabulary);
      expect(again.tokenizer.settings).toEqual(model.tokenizer.settings);
      expect(Object.keys(again.weights).length).toBe(pooling === "pooler" ? 39 : 37);
      for (const [name, { data }] of Object.entries(again.weights))
        expect(data).toEqual(bertWeights[name]!.data);
    }
  });
});

describe("readTensorFile on other programs' files", () => {
  it("turns half, bfloat16, double and integer types into float32 and int32", () => {
    const file = path.join(dir, "x.safetensors");
    const bytes = (array: Uint16Array | Float64Array | BigInt64Array) => new Uint8Array(array.buffer);
    fs.writeFileSync(
      file,
      safetensors({
        // 1.5, -2, 2^-24 (smallest), 65504 (largest), infinity
        half: { dtype: "F16", shape: [5], bytes: bytes(Uint16Array.of(0x3e00, 0xc000, 1, 0x7bff, 0x7c00)) },
        brain: { dtype: "BF16", shape: [2], bytes: bytes(Uint16Array.of(0x3fc0, 0xc000)) },
        double: { dtype: "F64", shape: [1], bytes: bytes(Float64Array.of(0.1)) },
        long: { dtype: "I64", shape: [2], bytes: bytes(BigInt64Array.of(-3n, 7n)) },
      }),
    );
    const { tensors } = readTensorFile(file, { sealed: false });
    expect(Array.from(tensors["half"]!.data)).toEqual([1.5, -2, 2 ** -24, 65504, Infinity]);
    expect(Array.from(tensors["brain"]!.data)).toEqual([1.5, -2]);
    expect(tensors["double"]!.data[0]).toBe(Math.fround(0.1));
    expect(tensors["long"]!.data).toEqual(Int32Array.of(-3, 7));
    expect(() => readTensorFile(file)).toThrow(/must hold sha256/);
  });
});

describe("importModel", () => {
  const target = () => path.join(dir, "imported");

  it("copies from a folder and from an archive, and checks before it replaces", async () => {
    const source = path.join(dir, "source");
    write(
      bertFiles((name) => name),
      source,
    );
    expect((await importModel(source, target())).model.leftOut).toHaveLength(2);
    const archive = path.join(dir, "model.whl");
    const inside = Object.entries(bertFiles((name) => name)).map(([name, bytes]) => [
      `pkg/model/${name}`,
      bytes,
    ]);
    fs.writeFileSync(archive, zipSync({ "pkg/__init__.py": Buffer.from(""), ...Object.fromEntries(inside) }));
    await importModel(archive, target());
    expect(fs.readdirSync(target()).sort()).toEqual(Object.keys(bertFiles((name) => name)).sort());
    fs.rmSync(path.join(source, "config.json"));
    await expect(importModel(source, target())).rejects.toThrow(/config.json: cannot be read/);
    expect(fs.existsSync(path.join(target(), "config.json"))).toBe(true);
  });

  it("reads from a hub, doing without the files that are optional", async () => {
    const files = bertFiles((name) => name);
    const server = createServer((request, response) => {
      const bytes = files[decodeURI(request.url!).replace("/owner/tiny/resolve/main/", "")];
      response.statusCode = bytes ? 200 : 404;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const hub = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    try {
      const { model, origin } = await importModel("hf:owner/tiny", target(), { hub });
      expect(model.architecture).toEqual(bertArchitecture);
      expect(origin).toBe(`${hub}/owner/tiny`);
      await expect(importModel("hf:owner/none", target(), { hub })).rejects.toThrow(/the server answers 404/);
    } finally {
      server.close();
    }
  });

  it("says which sources there are", async () => {
    await expect(importModel("no-such-model", target())).rejects.toThrow(
      /all-MiniLM-L6-v2, got "no-such-model"/,
    );
  });
});
