import { readFileSync } from "node:fs";
import type { TransformerArchitecture } from "../../../lib/encoders/transformer/architecture.js";
import type { PaddedTokens } from "../../../lib/tokenizer/wordpiece/token-batch.js";

interface Fixture {
  config: Record<string, unknown>;
  shapes: Record<string, number[]>;
  weights: Record<string, string>;
  ids: number[][];
  mask: number[][];
  types: number[][];
  target: string;
  hiddenStates: string[];
  pooled: Record<string, string>;
  gradients: Record<string, Record<string, string>>;
}

/** The tiny BERT that make_bert.py froze. */
export const bert: Fixture = JSON.parse(readFileSync("tests/fixtures/transformer/bert.json", "utf8"));

export const bertArchitecture: TransformerArchitecture = {
  vocabSize: 50,
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  maxPositionEmbeddings: 16,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};

export function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

export const bertWeights = Object.fromEntries(
  Object.entries(bert.weights).map(([name, data]) => [
    name,
    { shape: bert.shapes[name]!, data: floats(data) },
  ]),
);

export const bertTokens: PaddedTokens = {
  size: bert.ids.length,
  length: bert.ids[0]!.length,
  ids: Int32Array.from(bert.ids.flat()),
  mask: Uint8Array.from(bert.mask.flat()),
  typeIds: Uint8Array.from(bert.types.flat()),
};
