import type { CrossFieldIssue } from "../config/yaml-with-schema.js";
import { checkNegatives } from "./negatives-checks.js";
import type { ExperimentConfig } from "./schema.js";
import { checkTowers } from "./towers-checks.js";

/** Rules that need more than one key. Returns every broken one. */
export function crossCheck(config: ExperimentConfig): CrossFieldIssue[] {
  const issues: CrossFieldIssue[] = [];
  const { loss, model, dataset } = config;
  if (loss.batch_size !== undefined && loss.batch_size !== config.batch_size)
    issues.push({
      path: ["loss", "batch_size"],
      message: `must equal batch_size (${config.batch_size}), got ${loss.batch_size}`,
    });
  if (config.pairs_per_epoch !== null && !config.shuffle)
    issues.push({
      path: ["pairs_per_epoch"],
      message: `must be null when shuffle is false: every epoch would visit the same pairs, got ${config.pairs_per_epoch}`,
    });
  if (config.pairs_per_epoch !== null && config.pairs_per_epoch < config.batch_size)
    issues.push({
      path: ["pairs_per_epoch"],
      message: `must be at least batch_size (${config.batch_size}), got ${config.pairs_per_epoch}`,
    });
  if (model.type === "Transformer") {
    if (config.text_vectorizer.type !== "word_pieces")
      issues.push({
        path: ["text_vectorizer", "type"],
        message: `must be word_pieces for a Transformer, got ${config.text_vectorizer.type}`,
      });
    if (model.output_dim !== model.text_embedding.embedding_dim)
      issues.push({
        path: ["model", "output_dim"],
        message: `must equal text_embedding.embedding_dim (${model.text_embedding.embedding_dim}), got ${model.output_dim}`,
      });
  }
  if (model.type === "Towers")
    issues.push(
      ...checkTowers(model, { query: dataset.query_features, document: dataset.document_features }),
    );
  const uses: [string[], string, "query" | "document", "text" | "categorical"][] =
    model.type === "Towers"
      ? []
      : [
          [["model", "query", "text_feature"], model.query.text_feature, "query", "text"],
          [["model", "document", "text_feature"], model.document.text_feature, "document", "text"],
        ];
  if (model.type === "MultiModalTwoTower") {
    const feature = model.document.categorical_feature;
    if (feature === undefined)
      issues.push({
        path: ["model", "document", "categorical_feature"],
        message: "is required by MultiModalTwoTower",
      });
    else uses.push([["model", "document", "categorical_feature"], feature, "document", "categorical"]);
  }
  for (const [path, feature, side, type] of uses) {
    const declared = side === "query" ? dataset.query_features : dataset.document_features;
    if (!declared.some((f) => f.name === feature && f.type === type))
      issues.push({
        path,
        message: `must name a ${type} feature of dataset.${side}_features (${declared.map((f) => `${f.name}: ${f.type}`).join(", ")}), got "${feature}"`,
      });
  }
  if ((model.type === "TwoTower" || model.type === "MultiModalTwoTower") && !model.last_linear) {
    const last = model.hidden_layers.at(-1);
    if (last === undefined && model.type === "MultiModalTwoTower")
      issues.push({
        path: ["model", "last_linear"],
        message:
          "must be true when model.hidden_layers is empty: the towers' inputs differ in width, got false",
      });
    else if (last === undefined && model.text_embedding.embedding_dim !== model.output_dim)
      issues.push({
        path: ["model", "output_dim"],
        message: `must equal model.text_embedding.embedding_dim (${model.text_embedding.embedding_dim}) when there is no layer at all, got ${model.output_dim}`,
      });
    else if (last !== undefined && last !== model.output_dim)
      issues.push({
        path: ["model", "output_dim"],
        message: `must equal the last hidden width (${last}) when model.last_linear is false, got ${model.output_dim}`,
      });
  }
  if (
    (model.type === "TwoTower" || model.type === "MultiModalTwoTower") &&
    model.token_weights !== "uniform" &&
    model.separate_tables
  )
    issues.push({
      path: ["model", "token_weights"],
      message: `must be uniform with model.separate_tables, got ${model.token_weights}`,
    });
  if (config.update.groups.length > 0 && config.update.layer_wise_decay !== null)
    issues.push({
      path: ["update", "groups"],
      message: `must be empty with update.layer_wise_decay, got ${config.update.groups.length}`,
    });
  const { optimizer } = config;
  if ("row_moments" in optimizer && optimizer.row_moments !== "float32" && !hasTables(model))
    issues.push({
      path: ["optimizer", "row_moments"],
      message: `must be float32 for a model without tables (no text and no category among its features), got ${optimizer.row_moments}`,
    });
  if (config.distillation !== null && config.negatives.type === "cache")
    issues.push({
      path: ["negatives", "type"],
      message: "must be batch with distillation, whose teacher scores the batch's documents, got cache",
    });
  issues.push(...checkNegatives(config));
  return issues;
}

/** Whether a model reads texts or categories, whose embeddings are tables. */
function hasTables(model: ExperimentConfig["model"]): boolean {
  if (model.type !== "Towers") return true;
  const encoders = [...model.query.features, ...model.document.features].map(({ encoder }) => encoder.type);
  return encoders.some((type) => type === "bag" || type === "category");
}
