import { labelFreeConfigs } from "./label-free-configs.js";
import { bm25, evaluation, fusion, type ReadyData, yaml } from "./ready-parts.js";
import { starterSettings } from "./starter-settings.js";

/** Pairs that an encoder sees in all: as many as the robust recipe's six epochs over MSRD's 45,000. */
const PAIRS_SEEN = 270_000;

/**
 * Configurations for a data set of one's own, by file name: `bm25.yaml`, and `encoder.yaml` (words and 2–4-grams in one bag, no layer above it, the recipe of configs/recipes/robust.yaml in small) and `both.yaml`;
 * {@link labelFreeConfigs} where there are no pairs to train on.
 *
 * Small data get small batches and many epochs; cut-offs stay below the number of documents.
 */
export function readyConfigs(data: ReadyData, folder: string): Record<string, string> {
  const words = yaml("BM25 on the words of all text columns: what an encoder has to beat.", bm25(data));
  if (data.ownTexts !== null) return { "bm25.yaml": words, ...labelFreeConfigs(data, data.ownTexts, folder) };
  return {
    "bm25.yaml": words,
    "encoder.yaml": yaml(
      "Words and the 2- to 4-grams of each bounded word in one bag, no layer above it; misspelled queries are taught to\n score as clean ones do. configs/recipes/robust.yaml in small.",
      encoder(data),
    ),
    "both.yaml": yaml(
      data.hasValidationSet
        ? "Encoder and BM25 as one system; the weight is chosen on the validation queries, as they are and misspelled."
        : "Encoder and BM25 as one system, half and half, unchecked: there are no validation queries to choose the weight on.",
      fusion(data, folder, { runId: "both", encoder: "encoder", name: "encoder + BM25" }),
    ),
  };
}

function encoder(data: ReadyData) {
  const pairs = data.trainingRows + (data.titlesAsQueries ? data.documents : 0);
  const batch = [256, 128, 64, 32, 16, 8, 4].find((size) => size * 8 <= pairs) ?? 2;
  const epochs = Math.min(30, Math.max(3, Math.round(PAIRS_SEEN / pairs)));
  return {
    task_id: data.name,
    run_id: "encoder",
    name: "words and n-grams",
    seed: 1,
    num_epochs: epochs,
    dataset_dir: data.datasetDir,
    batch_size: Math.min(batch, pairs),
    learning_rate: 0.01,
    dataset: {
      query_features: [{ name: "query_search_phrase", type: "text" }],
      document_features: [{ name: "document_all", type: "text", from: data.textColumns }],
      document_pairs: data.titlesAsQueries ? "document_name" : null,
    },
    ...starterSettings(),
    recall_validation: { ...evaluation(data), every_epochs: epochs },
  };
}
