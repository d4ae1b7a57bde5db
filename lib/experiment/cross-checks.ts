import type { CrossFieldIssue } from "../config/yaml-with-schema.js";
import { encoders } from "../encoders/create-encoder.js";
import { textFeatureIssues } from "../encoders/encoder-part.js";
import { checkNegatives } from "./negatives-checks.js";
import type { ExperimentConfig } from "./schema.js";
import { encoderContext } from "./specs.js";

/** Of a table: what an array buffer holds. */
const MOST_NUMBERS = 2 ** 30;

/** Rules that need more than one key. Returns every broken one. */
export function crossCheck(config: ExperimentConfig): CrossFieldIssue[] {
  const issues: CrossFieldIssue[] = [];
  const { loss, model } = config;
  if (loss.batch_size !== undefined && loss.batch_size !== config.batch_size)
    issues.push({
      path: ["loss", "batch_size"],
      message: `must equal batch_size (${config.batch_size}), got ${loss.batch_size}`,
    });
  const wide = loss.type === "matryoshka" ? loss.widths.find((m) => m > model.output_dim) : undefined;
  if (wide !== undefined)
    issues.push({
      path: ["loss", "widths"],
      message: `must be at most model.output_dim (${model.output_dim}), got ${wide}`,
    });
  const { grade_column: graded, labelled_queries: queries, labelled_pairs: pairs } = config.dataset;
  if (queries !== null && pairs !== null)
    issues.push({
      path: ["dataset", "labelled_queries"],
      message: `must be null beside labelled_pairs (${pairs}), which draws from the same pairs, got ${queries}`,
    });
  if (graded !== null && loss.type !== "list_net" && loss.type !== "approximate_ndcg")
    issues.push({
      path: ["dataset", "grade_column"],
      message: `must be null unless loss.type is list_net or approximate_ndcg, which read grades, got ${graded} with ${loss.type}`,
    });
  if (graded !== null && config.streaming.mode === "always")
    issues.push({
      path: ["dataset", "grade_column"],
      message: `must be null where pairs are streamed, got ${graded}`,
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
  const part = model.type === "custom" ? null : encoders.get(model.type);
  issues.push(...(part?.check ?? textFeatureIssues)(model as never, encoderContext(config)));
  const { num_embeddings: rows, embedding_dim: columns } = model.text_embedding;
  if (rows !== "auto" && rows * columns > MOST_NUMBERS)
    issues.push({
      path: ["model", "text_embedding", "num_embeddings"],
      message: `must make a table of at most 2³⁰ numbers (4 GiB), got ${rows} × ${columns}`,
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
  if (config.backend === "tensorflow" && (config.engine === "fused" || config.engine === "jit"))
    issues.push({
      path: ["engine"],
      message: `must be auto or tfjs with backend tensorflow, whose own kernels take the steps, got ${config.engine}`,
    });
  if (config.backend === "tensorflow" && "row_moments" in optimizer && optimizer.row_moments !== "float32")
    issues.push({
      path: ["optimizer", "row_moments"],
      message: `must be float32 with backend tensorflow, which keeps rows and moments itself, got ${optimizer.row_moments}`,
    });
  issues.push(...parallelIssues(config));
  if (config.distillation !== null && config.negatives.type === "cache")
    issues.push({
      path: ["negatives", "type"],
      message: "must be batch with distillation, whose teacher scores the batch's documents, got cache",
    });
  issues.push(...checkNegatives(config));
  return issues;
}

/** What steps of several processes cannot have. */
function parallelIssues({
  data_parallel: processes,
  engine,
  update,
  batch_size,
}: ExperimentConfig): CrossFieldIssue[] {
  const message = (what: string, got: unknown) =>
    `must be ${what} with data_parallel ${processes}, got ${got}`;
  if (processes === 1) return [];
  const issues: CrossFieldIssue[] = [];
  if (engine !== "auto" && engine !== "tfjs")
    issues.push({ path: ["engine"], message: message("auto or tfjs", engine) });
  if (update.chunk_size !== null)
    issues.push({ path: ["update", "chunk_size"], message: message("null", update.chunk_size) });
  if (batch_size < processes)
    issues.push({ path: ["batch_size"], message: message(`at least ${processes}`, batch_size) });
  return issues;
}

/** Whether a model reads texts or categories, whose embeddings are tables. */
function hasTables(model: ExperimentConfig["model"]): boolean {
  if (model.type !== "Towers") return true;
  const encoders = [...model.query.features, ...model.document.features].map(({ encoder }) => encoder.type);
  return encoders.some((type) => type === "bag" || type === "category");
}
