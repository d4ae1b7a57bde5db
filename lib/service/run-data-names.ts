/** What data of a run are for. */
export const DATA_ROLES = ["train", "eval", "query", "index"] as const;

export type DataRole = (typeof DATA_ROLES)[number];

/**
 * The names under which a run's data are uploaded.
 *
 * @see specs/4-finetuner.md section 8.3, vector run_data_names
 */
export function runDataNames(experiment: string, run: string): Record<DataRole, string> {
  const name = (role: DataRole) => `finetuner-dastorage-${experiment}-${run}-${role}`;
  return { train: name("train"), eval: name("eval"), query: name("query"), index: name("index") };
}

/** A stored table's name without its format: `….csv`. */
export function stemOf(file: string): string {
  return file.replace(/\.(csv|tsv|jsonl|parquet)$/, "");
}
