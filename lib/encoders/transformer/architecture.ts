import { UserError } from "../../files/user-error.js";

/** Sizes of a BERT-type encoder, with Hugging Face's names in camel case. */
export interface TransformerArchitecture {
  /** rows of the word-piece table */
  vocabSize: number;
  /** D, width of the hidden states */
  hiddenSize: number;
  numHiddenLayers: number;
  /** heads; must divide hiddenSize */
  numAttentionHeads: number;
  /** width of the layers' inner part */
  intermediateSize: number;
  /** longest text, in tokens */
  maxPositionEmbeddings: number;
  typeVocabSize: number;
  layerNormEps: number;
  /** share of components zeroed in training */
  hiddenDropout: number;
  attentionDropout: number;
}

/** MiniLM's and BERT's proportions for a width and a number of layers: heads of 32, inner width 4 D. */
export function smallArchitecture(
  vocabSize: number,
  hiddenSize: number,
  numHiddenLayers: number,
  options: Partial<TransformerArchitecture> = {},
): TransformerArchitecture {
  return {
    vocabSize,
    hiddenSize,
    numHiddenLayers,
    numAttentionHeads: Math.max(1, Math.floor(hiddenSize / 32)),
    intermediateSize: 4 * hiddenSize,
    maxPositionEmbeddings: 512,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    hiddenDropout: 0.1,
    attentionDropout: 0.1,
    ...options,
  };
}

/** Sizes beyond any BERT's: a wrong configuration would run out of memory before its weights are compared. */
const MOST = [
  ["numHiddenLayers", 1000],
  ["hiddenSize", 2 ** 16],
  ["intermediateSize", 2 ** 20],
  ["maxPositionEmbeddings", 2 ** 20],
  ["vocabSize", 2 ** 26],
] as const;

/** @throws RangeError naming the first size that cannot be */
export function checkArchitecture(architecture: TransformerArchitecture): void {
  for (const key of [
    "vocabSize",
    "hiddenSize",
    "numHiddenLayers",
    "numAttentionHeads",
    "intermediateSize",
    "maxPositionEmbeddings",
    "typeVocabSize",
  ] as const)
    if (!Number.isInteger(architecture[key]) || architecture[key] < 1)
      throw new UserError(`transformer: ${key} must be a positive integer, got ${architecture[key]}`);
  for (const [key, most] of MOST)
    if (architecture[key] > most)
      throw new UserError(`transformer: ${key} must be at most ${most}, got ${architecture[key]}`);
  if (architecture.hiddenSize % architecture.numAttentionHeads !== 0)
    throw new UserError(
      `transformer: numAttentionHeads must divide hiddenSize (${architecture.hiddenSize}), got ${architecture.numAttentionHeads}`,
    );
  for (const key of ["hiddenDropout", "attentionDropout"] as const)
    if (!(architecture[key] >= 0 && architecture[key] < 1))
      throw new UserError(`transformer: ${key} must be in [0, 1), got ${architecture[key]}`);
  if (!(architecture.layerNormEps > 0))
    throw new UserError(`transformer: layerNormEps must be > 0, got ${architecture.layerNormEps}`);
}

export const wordTableName = "embeddings.word_embeddings.weight";

/**
 * Shapes of a BERT encoder's parameters under Hugging Face's names, the word table included; linear weights are
 * [out, in].
 *
 * @param pooler with the dense layer after the first token, which only pooling "pooler" uses
 */
export function parameterShapes(
  architecture: TransformerArchitecture,
  pooler: boolean,
): Map<string, number[]> {
  const { hiddenSize: D, intermediateSize: inner } = architecture;
  const shapes = new Map<string, number[]>([
    [wordTableName, [architecture.vocabSize, D]],
    ["embeddings.position_embeddings.weight", [architecture.maxPositionEmbeddings, D]],
    ["embeddings.token_type_embeddings.weight", [architecture.typeVocabSize, D]],
  ]);
  const norm = (name: string) => shapes.set(`${name}.weight`, [D]).set(`${name}.bias`, [D]);
  const dense = (name: string, out: number, into: number) =>
    shapes.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out]);
  norm("embeddings.LayerNorm");
  for (let layer = 0; layer < architecture.numHiddenLayers; layer++) {
    const prefix = `encoder.layer.${layer}`;
    for (const part of ["query", "key", "value"]) dense(`${prefix}.attention.self.${part}`, D, D);
    dense(`${prefix}.attention.output.dense`, D, D);
    norm(`${prefix}.attention.output.LayerNorm`);
    dense(`${prefix}.intermediate.dense`, inner, D);
    dense(`${prefix}.output.dense`, D, inner);
    norm(`${prefix}.output.LayerNorm`);
  }
  if (pooler) dense("pooler.dense", D, D);
  return shapes;
}
