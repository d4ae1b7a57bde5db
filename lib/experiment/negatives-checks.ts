import type { ExperimentConfig } from "./schema.js";

/** Rules between loss, negatives, schedule and update. */
export function checkNegatives(
  config: Pick<ExperimentConfig, "negatives" | "batch_size"> & {
    dataset: Pick<ExperimentConfig["dataset"], "judgements">;
    loss: { type: string };
    update: Pick<ExperimentConfig["update"], "chunk_size">;
  },
): { path: (string | number)[]; message: string }[] {
  const { negatives, loss, update } = config;
  const issues: { path: (string | number)[]; message: string }[] = [];
  const blame = (path: (string | number)[], message: string) => issues.push({ path, message });
  if (negatives.type === "cache") {
    if (loss.type !== "batch_softmax")
      blame(["loss", "type"], `must be batch_softmax with negatives of type cache, got "${loss.type}"`);
    if (negatives.top_k !== null && negatives.size % negatives.top_k !== 0)
      blame(["negatives", "top_k"], `must divide negatives.size (${negatives.size}), got ${negatives.top_k}`);
    if (negatives.search === "coded" && (negatives.size / (negatives.top_k ?? 1)) % 8 !== 0)
      blame(["negatives", "search"], "must be exact unless size / top_k is a multiple of 8, got coded");
    if (negatives.search === "coded" && negatives.top_k === null)
      blame(["negatives", "search"], "must be exact when top_k is null, got coded");
    if (config.batch_size > negatives.size)
      blame(
        ["negatives", "size"],
        `must be at least batch_size (${config.batch_size}), got ${negatives.size}`,
      );
    if (update.chunk_size !== null)
      blame(
        ["update", "chunk_size"],
        `must be null with negatives of type cache, whose loss embeds what it samples, got ${update.chunk_size}`,
      );
    return issues;
  }
  negatives.add.forEach((source, i) => {
    if (source.type !== "hard") return;
    if (source.rank_from > source.rank_to)
      blame(
        ["negatives", "add", i, "rank_from"],
        `must be at most rank_to (${source.rank_to}), got ${source.rank_from}`,
      );
    if (source.margin !== null && source.from === "bm25")
      blame(["negatives", "add", i, "margin"], `must be null when from is bm25, got ${source.margin}`);
    if (!source.unjudged && config.dataset.judgements === null)
      blame(
        ["negatives", "add", i, "unjudged"],
        "must be true without dataset.judgements, which say what is judged, got false",
      );
    if (negatives.log_q !== null)
      blame(
        ["negatives", "log_q"],
        "must be null with hard negatives, which are chosen and not drawn with a known probability, got settings",
      );
  });
  if (!negatives.in_batch && negatives.add.length === 0)
    blame(["negatives", "in_batch"], "must be true when nothing is added, got false");
  if (config.batch_size < 2 && negatives.add.length === 0)
    blame(
      ["batch_size"],
      `must be at least 2 when negatives come from the batch alone, got ${config.batch_size}`,
    );
  return issues;
}
