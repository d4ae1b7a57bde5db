import { stringify } from "yaml";
import { loadSweep } from "./load-sweep.js";
import type { ExperimentConfig } from "./schema.js";

/**
 * A sweep in about ten lines: what is fixed, as resolved (defaults filled in), and what each row changes.
 *
 * @param file       YAML file of the sweep
 * @param overrides  of every run, "key.path=value" each
 * @throws UserError where the sweep or one of its configurations is not as it must be
 */
export function sweepSummary(file: string, overrides: readonly string[] = []): string {
  const { config: sweep, rows, baseline, runs } = loadSweep(file, overrides);
  const first = runs[0]!.config;
  const varied = Object.entries(sweep.grid ?? {}).map(
    ([key, values]) => `${key} in ${values.map((value) => inline(value)).join(", ")}`,
  );
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const lines: [string, string][] = [
    ["sweep", `${file}: ${rows.length} rows × seeds ${seeds.join(", ")} on ${first.dataset_dir}`],
    ["base", sweep.base],
    ["model", inline(withoutFeatures(first.model))],
    ["tokens", inline(first.text_vectorizer)],
    ["loss", inline(first.loss)],
    ["negatives", inline(first.negatives)],
    ["optimiser", `${first.optimizer.type}, learning rate ${first.learning_rate}, ${first.schedule.type}`],
    ["batches", `${first.batch_size} pairs, ${first.num_epochs} epochs`],
    ["varied", varied.length > 0 ? varied.join("; ") : rows.join("; ")],
    ["baseline", baseline],
  ];
  return lines.map(([name, value]) => `${name.padEnd(10)} ${value}`).join("\n");
}

/** Which columns the towers read is the data set's matter, not the sweep's. */
function withoutFeatures({ query: _query, document: _document, ...rest }: ExperimentConfig["model"]): object {
  return rest;
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}
