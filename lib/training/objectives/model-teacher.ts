import { existsSync } from "node:fs";
import path from "node:path";
import { embedTexts } from "../../encoders/pretrained/embed-texts.js";
import { type Listener, throttled } from "../../engine/progress.js";
import type { Row } from "../../experiment/evaluation-set.js";
import type { LoadedExperiment } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import type { FeatureConfig } from "../../experiment/sections/dataset.js";
import { joinedCells, sourceColumns } from "../../features/feature-pipeline.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";

/** Whether a teacher is a transformer as `qdrl model import` writes it, not a run. */
export function isModelFolder(dir: string): boolean {
  const has = (name: string) => existsSync(path.join(dir, name));
  return has("config.json") && has("model.safetensors") && !has("manifest.json");
}

/** Refuses a transformer that cannot teach: a student whose documents are vectors must be taught by what made them. */
export function checkModelTeacher({ distillation, dataset }: ExperimentConfig): void {
  const { teacher } = distillation!;
  for (const feature of dataset.document_features)
    if (feature.type === "pretrained" && path.resolve(feature.model) !== path.resolve(teacher))
      throw new UserError(
        `distillation.teacher: must be the model that ${feature.name} is read from (${feature.model}), got ${teacher}`,
      );
  for (const side of ["query_features", "document_features"] as const)
    if (textColumns(dataset[side]).length === 0)
      throw new UserError(
        `distillation.teacher: dataset.${side} must have a text that ${teacher} can read, got none`,
      );
}

/** Embeddings of the distinct training queries and documents by a pretrained transformer as it is, kept by {@link embedTexts}. */
export async function modelEmbeddings(
  { distillation, dataset }: ExperimentConfig,
  { pairs }: Pick<LoadedExperiment, "pairs">,
  listener: Listener,
): Promise<{ queries: Float32Array; documents: Float32Array; dim: number }> {
  const report = throttled(listener);
  const embed = async (rows: readonly Row[], features: readonly FeatureConfig[], unit: string) => {
    const columns = textColumns(features);
    const texts = rows.map((row) => joinedCells(columns.map((column) => ownEntry(row, column) ?? "")));
    return embedTexts(distillation!.teacher, texts, {
      onProgress: (done, total) => report({ task: "teacher's embeddings", done, total, unit }),
    });
  };
  const queries = await embed(pairs.queryRows!, dataset.query_features, "training queries");
  const documents = await embed(pairs.documentRows!, dataset.document_features, "training documents");
  return { queries: queries.vectors, documents: documents.vectors, dim: queries.dim };
}

/** Columns of texts, read by the student or by a transformer. */
function textColumns(features: readonly FeatureConfig[]): string[] {
  const texts = features.filter(({ type }) => type === "text" || type === "pretrained");
  return [...new Set(texts.flatMap((feature) => sourceColumns({ from: undefined, ...feature })))];
}
