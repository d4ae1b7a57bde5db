import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder, encoderKinds } from "../../../lib/encoders/create-encoder.js";
import { encodeAll } from "../../../lib/encoders/encode-all.js";
import type { Encoder, EncoderSpec } from "../../../lib/encoders/encoder.js";
import { exportEncoder } from "../../../lib/encoders/onnx/export-encoder.js";
import { OnnxEncoder } from "../../../lib/encoders/onnx/onnx-encoder.js";
import { poolings } from "../../../lib/encoders/transformer/pooling.js";
import { TransformerEncoder } from "../../../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import type { FeatureBatch } from "../../../lib/features/batch.js";
import { tokenColumn } from "../../../lib/features/token-column.js";
import { OnnxGraph } from "../../../lib/files/onnx/onnx-graph.js";
import { ProtobufWriter } from "../../../lib/files/protobuf.js";
import { bertArchitecture, bertWeights } from "../transformer/bert-fixture.js";

const spec: EncoderSpec = {
  kind: "TwoTower",
  textEmbedding: { numEmbeddings: 40, embeddingDim: 12 },
  outputDim: 6,
  queryTextFeature: "query",
  documentTextFeature: "document",
  documentCategoricalFeature: "category",
  categoryFeature: { numEmbeddings: 5, embeddingDim: 3 },
  fcDim: 8,
  hiddenLayers: [8, 6],
};

function batch(size: number): FeatureBatch {
  const random = new Random(5);
  const ids = (rows: number, length: number) =>
    // row 1 is an empty bag, the last column mostly padding
    Int32Array.from({ length: rows * length }, (_, i) =>
      Math.floor(i / length) === 1 || i % length >= length - random.int(3) ? 0 : 1 + random.int(39),
    );
  return {
    size,
    columns: {
      query: { kind: "text", ids: ids(size, 5), length: 5 },
      document: { kind: "text", ids: ids(size, 9), length: 9 },
      category: { kind: "categorical", ids: Int32Array.from({ length: size }, () => random.int(5)) },
    },
  };
}

async function largestDifference(
  encoder: Encoder,
  withSpec: EncoderSpec,
  data: FeatureBatch,
  side: "query" | "document",
): Promise<number> {
  const expected = encodeAll(encoder, data, side);
  const session = await OnnxEncoder.open(exportEncoder(encoder, withSpec, side), { threads: 1 });
  const actual = await session.encodeAll(data, { batchSize: 4 });
  await session.dispose();
  expect(actual.length).toBe(expected.length);
  expect(expected.some((value) => value !== 0)).toBe(true);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i]!)), 0);
}

describe("exported encoders in ONNX Runtime give tfjs's embeddings", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  const kinds = [
    "LinearEncoder",
    "SimpleTextEncoder",
    "RegularizedSimpleTextEncoder",
    "TwoTower",
    "MultiModalTwoTower",
  ];
  for (const kind of kinds)
    it(`${kind}, both sides, with an empty bag among the rows`, async () => {
      const encoder = createEncoder({ ...spec, kind }, new Random(3));
      for (const side of ["query", "document"] as const)
        expect(await largestDifference(encoder, spec, batch(11), side)).toBeLessThan(1e-5);
      encoder.dispose();
    });

  it.each(["TwoTower", "MultiModalTwoTower"])("%s with token weights", async (kind) => {
    const weighted: EncoderSpec = { ...spec, kind, tokenWeights: "learned" };
    const encoder = createEncoder(weighted, new Random(3));
    const weights = encoder.tables["token_weights"]!;
    const equal = encodeAll(encoder, batch(11), "document");
    weights.setWeights(weights.weights.map((_, row) => Math.cos(row)));
    expect(encodeAll(encoder, batch(11), "document")).not.toEqual(equal);
    for (const side of ["query", "document"] as const)
      expect(await largestDifference(encoder, weighted, batch(11), side)).toBeLessThan(1e-5);
    encoder.dispose();
  });

  it("a tower without hidden layers or last linear layer", async () => {
    const bare = { ...spec, hiddenLayers: [], lastLinear: false, outputDim: 12 };
    const encoder = createEncoder(bare, new Random(3));
    expect(await largestDifference(encoder, bare, batch(3), "query")).toBeLessThan(1e-6);
    encoder.dispose();
  });

  it.each([4, 12])("a bag for queries beside given vectors, of %i numbers", async (outputDim) => {
    const given: EncoderSpec = {
      ...spec,
      kind: "QueryBag",
      outputDim,
      textEmbedding: { ...spec.textEmbedding, embeddingDim: outputDim },
      documentVectorFeature: "vector",
      documentVectorDim: 12,
    };
    const encoder = createEncoder(given, new Random(3));
    const random = new Random(7);
    const values = Float32Array.from({ length: 11 * 12 }, () => random.normal());
    const data = batch(11);
    data.columns["vector"] = { kind: "vector", values, dim: 12 };
    for (const side of ["query", "document"] as const)
      expect(await largestDifference(encoder, given, data, side)).toBeLessThan(1e-6);
    encoder.dispose();
  });

  it("a transformer, in every pooling, normalised or not, shared or separate sides", async () => {
    const random = new Random(8);
    const texts = Array.from({ length: 9 }, () => {
      const ids = Int32Array.from({ length: 2 + random.int(10) }, () => 1 + random.int(49));
      return { ids, typeIds: new Uint8Array(ids.length).map((_, i) => (i > 5 ? 1 : 0)) };
    });
    const data = { size: 9, columns: { query: tokenColumn(texts), document: tokenColumn(texts) } };
    for (const pooling of poolings)
      for (const shared of [true, false]) {
        const encoder = new TransformerEncoder(
          {
            architecture: bertArchitecture,
            pooling,
            normalize: shared,
            sides: shared ? "shared" : "separate",
            queryTextFeature: "query",
            documentTextFeature: "document",
            ...(shared ? { initial: bertWeights } : {}),
          },
          new Random(2),
        );
        for (const side of ["query", "document"] as const)
          expect(await largestDifference(encoder, spec, data, side), pooling).toBeLessThan(2e-5);
        encoder.dispose();
      }
  });

  it("leaves out no kind that there is", () => {
    expect(encoderKinds().sort()).toEqual([...kinds, "QueryBag", "Towers", "Transformer"].sort());
  });

  it("refuses kinds that it has no exporter for, naming those it has", () => {
    expect(() => exportEncoder({ kind: "other" } as Encoder, spec, "query")).toThrow(
      /no exporter for encoder "other"; known: bag towers, QueryBag, Towers, Transformer/,
    );
  });
});

describe("ProtobufWriter", () => {
  it("writes the worked examples of the format's documentation", () => {
    const hex = (message: ProtobufWriter) => Buffer.from(message.finish()).toString("hex");
    expect(hex(new ProtobufWriter().integer(1, 150))).toBe("089601");
    expect(hex(new ProtobufWriter().string(2, "testing"))).toBe("120774657374696e67");
    expect(hex(new ProtobufWriter().message(3, new ProtobufWriter().integer(1, 150)))).toBe("1a03089601");
    expect(hex(new ProtobufWriter().integer(1, -2))).toBe("08feffffffffffffffff01");
    expect(hex(new ProtobufWriter().float(2, 1))).toBe("150000803f");
  });

  it("holds a constant of one name once", () => {
    const graph = new OnnxGraph("g");
    expect(graph.scalar(2)).toBe(graph.scalar(2));
  });
});
