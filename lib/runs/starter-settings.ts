import { subwords } from "./ready-parts.js";

/**
 * What every encoder that `init` writes trains with: a bag of words and n-grams without a layer, in-batch softmax, and
 * self-teaching on misspelled queries.
 */
export function starterSettings() {
  return {
    loss: { type: "batch_softmax", temperature: 0.1 },
    negatives: { type: "batch", mask: "known_positives" },
    typos: { augment: 0, self_teaching: 1, probability: 0.75 },
    text_vectorizer: subwords,
    model: {
      type: "TwoTower",
      text_embedding: { num_embeddings: "auto", embedding_dim: 128 },
      hidden_layers: [],
      last_linear: false,
      output_dim: 128,
      query: { text_feature: "query_search_phrase" },
      document: { text_feature: "document_all" },
    },
  };
}
