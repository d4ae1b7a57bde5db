import path from "node:path";
import type { Listener } from "../../engine/progress.js";
import { fusionSchema, fusionSystem } from "../../retrieval/retrievers/fusion-system.js";
import { runSystem } from "../../runs/run-system.js";
import type { RunFolder } from "../../tracking/run-folder.js";

/**
 * BM25 and an encoder answering together by reciprocal rank, which has nothing to tune; asked what the encoder was asked.
 * A finished run of the same two is reused.
 *
 * @param name  what tables call it; encoders that differ in seed give runs of one system
 */
export async function hybridRun(
  bm25: RunFolder,
  encoder: RunFolder,
  name: string,
  listener: Listener,
): Promise<RunFolder> {
  const { taskId } = bm25.manifest();
  const results = encoder.queries();
  const config = fusionSchema.parse({
    system: "fusion",
    name,
    task_id: taskId,
    run_id: `hybrid-seed${encoder.manifest().seed}`,
    output_dir: path.dirname(path.dirname(bm25.dir)),
    runs: [bm25.dir, encoder.dir],
    kind: "reciprocal-rank",
    recall_validation: {
      enabled: true,
      k: [10, 50, 100],
      measures: furtherMeasures(encoder),
      sets: [...new Set(results.map((result) => result.set))],
      query_typo_probabilities: [...new Set(results.map((result) => result.typo))],
    },
  });
  return runSystem(fusionSystem, config, { listener });
}

/** Measures that a run was evaluated with beside Recall and MRR. */
export function furtherMeasures(run: RunFolder): string[] {
  return Object.keys(run.queries()[0]!.values).filter((name) => !/^(Recall|MRR)@/.test(name));
}
