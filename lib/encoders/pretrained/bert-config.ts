import { UserError } from "../../files/user-error.js";
import { checkArchitecture, type TransformerArchitecture } from "../transformer/architecture.js";

/** Key of config.json for each size, and what holds where it is absent. */
const keys: Record<keyof TransformerArchitecture, [string, number | null]> = {
  vocabSize: ["vocab_size", null],
  hiddenSize: ["hidden_size", null],
  numHiddenLayers: ["num_hidden_layers", null],
  numAttentionHeads: ["num_attention_heads", null],
  intermediateSize: ["intermediate_size", null],
  maxPositionEmbeddings: ["max_position_embeddings", 512],
  typeVocabSize: ["type_vocab_size", 2],
  layerNormEps: ["layer_norm_eps", 1e-12],
  hiddenDropout: ["hidden_dropout_prob", 0.1],
  attentionDropout: ["attention_probs_dropout_prob", 0.1],
};

/**
 * The architecture in a parsed `config.json`.
 *
 * @param where names the file in messages
 * @throws RangeError if it is not a BERT encoder with exact GELU and absolute positions
 */
export function architectureFrom(
  config: Readonly<Record<string, unknown>>,
  where: string,
): TransformerArchitecture {
  for (const [key, wanted] of [
    ["model_type", "bert"],
    ["hidden_act", "gelu"],
    ["position_embedding_type", "absolute"],
  ] as const)
    if ((config[key] ?? wanted) !== wanted)
      throw new UserError(`${where}: ${key} must be ${wanted}, got ${config[key]}`);
  const architecture = {} as TransformerArchitecture;
  for (const [name, [key, fallback]] of Object.entries(keys)) {
    const value = config[key] ?? fallback;
    if (typeof value !== "number")
      throw new UserError(`${where}: ${key} must be a number, got ${JSON.stringify(value)}`);
    architecture[name as keyof TransformerArchitecture] = value;
  }
  checkArchitecture(architecture);
  return architecture;
}

/** The `config.json` of an architecture, as transformers reads it. */
export function configFrom(architecture: TransformerArchitecture, padId: number): Record<string, unknown> {
  return {
    architectures: ["BertModel"],
    model_type: "bert",
    hidden_act: "gelu",
    position_embedding_type: "absolute",
    pad_token_id: padId,
    initializer_range: 0.02,
    ...Object.fromEntries(
      Object.entries(keys).map(([name, [key]]) => [key, architecture[name as keyof TransformerArchitecture]]),
    ),
  };
}
