import type { ExperimentConfig } from "../experiment/schema.js";
import type { Range } from "./tuning-schema.js";

/**
 * What is searched where nobody says: learning rate, temperature and batch size of any encoder; for a bag of words also
 * its width and layers, its tokens, misspelled training queries and masks. Wide enough to hold what the recipes of this
 * workspace came to.
 */
export function defaultRanges(config: ExperimentConfig): Record<string, Range> {
  const { learning_rate: rate, loss, model, batch_size: batch } = config;
  const ranges: Record<string, Range> = {
    learning_rate: { from: rate / 4, to: rate * 4, scale: "log", whole: false },
    batch_size: [...new Set([64, 128, 256, batch])].sort((a, b) => a - b),
  };
  if ("temperature" in loss) ranges["loss.temperature"] = { from: 0.03, to: 0.3, scale: "log", whole: false };
  const { negatives } = config;
  if (negatives.type === "batch" && negatives.add.length === 0 && negatives.mask !== "known_positives")
    ranges["negatives"] = {
      sets: {
        "as given": {},
        "known positives masked": { negatives: { ...negatives, mask: "known_positives" } },
      },
    };
  if (model.type !== "TwoTower") return ranges;
  const bag = (dim: number) => ({
    "model.hidden_layers": [],
    "model.last_linear": false,
    "model.text_embedding.embedding_dim": dim,
    "model.output_dim": dim,
  });
  ranges["layers"] = {
    sets: { "as given": {}, "bag of 64": bag(64), "bag of 128": bag(128), "bag of 256": bag(256) },
  };
  ranges["typos"] = {
    sets: {
      none: { typos: null },
      "a third misspelled": { typos: { augment: 0.33, probability: 0.75 } },
      "self-teaching": { typos: { augment: 0, self_teaching: 1, probability: 0.75 } },
    },
  };
  const { text_vectorizer: tokens } = config;
  if (tokens.type === "word_pieces") return ranges;
  const words =
    tokens.type === "dictionary"
      ? { dictionary_path: tokens.dictionary_path, num_oov_tokens: tokens.num_oov_tokens }
      : tokens.type === "subword"
        ? { dictionary_path: tokens.dictionary_path, num_oov_tokens: tokens.num_oov_tokens }
        : { dictionary_path: null, num_oov_tokens: 4096 };
  const subwords = (min: number, max: number, buckets: number) => ({
    text_vectorizer: { type: "subword", ...words, min_length: min, max_length: max, buckets },
    "model.text_embedding.num_embeddings": "auto",
  });
  ranges["tokens"] = {
    sets: {
      "as given": {},
      "3-grams": subwords(3, 3, 16_384),
      "2–4-grams": subwords(2, 4, 32_768),
      "3–5-grams": subwords(3, 5, 65_536),
    },
  };
  return ranges;
}
