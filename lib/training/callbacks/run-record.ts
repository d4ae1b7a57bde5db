import fs from "node:fs";
import { setParameters } from "../../encoders/parameters.js";
import type { Evaluation } from "../../evaluation/evaluate.js";
import { readModel, writeModel } from "../../files/model-file.js";
import type { RowStorage } from "../../files/rounded-rows.js";
import type { BestCheckpoint } from "../../tracking/best-checkpoint.js";
import type { Manifest, RunFolder } from "../../tracking/run-folder.js";
import type { Session } from "../session.js";
import type { Callback } from "./callback.js";
import type { RunEvaluation } from "./retrieval-evaluation.js";

export interface RecordParts<B> {
  run: RunFolder;
  manifest: Manifest;
  session: () => Session<B>;
  storeRows: RowStorage;
  /** whether any checkpoint stays when the run is finished */
  keepsCheckpoints: boolean;
  /** whose parameters the model file gets; null: the last ones */
  best: BestCheckpoint | null;
  evaluation: RunEvaluation | null;
  latest: () => { evaluation: Evaluation; version: number } | null;
}

/**
 * What makes a folder a run: its manifest from beginning to end, then the model file and what the model in it answers
 * to every query of the evaluation sets.
 */
export function runRecord<B>(parts: RecordParts<B>): Callback {
  const { run, manifest } = parts;
  const fail = (error: Error) => run.writeFailure(manifest, error);
  return {
    name: "run_record",
    on: {
      fit_begin: () => run.writeManifest(manifest),
      async fit_end(state) {
        if (parts.session().interrupted) return fail(new Error("interrupted"));
        const kept = parts.best?.best ?? null;
        if (kept) state.tell(`keeping epoch ${kept.epoch + 1}, validation loss ${kept.loss.toFixed(4)}`);
        const { trainer } = parts.session();
        const parameters = kept ? parts.best!.parameters() : trainer.state().parameters;
        const format = { format: "qdrl-model-1", kind: trainer.kind };
        writeModel(run.model, parameters, parts.storeRows, format);
        manifest.counts["model file bytes"] = fs.statSync(run.model).size;
        const evaluation = await finalEvaluation(parts, kept !== null);
        if (evaluation) run.writeQueries(evaluation.perQuery);
        const steps = trainer.facts();
        if (Object.keys(steps).length > 0) manifest.steps = steps;
        run.writeManifest({ ...manifest, status: "finished", endedAt: new Date().toISOString() });
        if (!parts.keepsCheckpoints) fs.rmSync(run.checkpoints, { recursive: true, force: true });
      },
      exception: (state) => fail(state.error!),
    },
  };
}

/** The last evaluation, if it was of the parameters in the model file; else a new one. */
async function finalEvaluation<B>(
  { run, session, storeRows, evaluation, latest }: RecordParts<B>,
  isEarlierEpoch: boolean,
): Promise<Evaluation | null> {
  if (!evaluation) return null;
  if (isEarlierEpoch || storeRows !== "float32") {
    const model = evaluation.fresh();
    setParameters(model, readModel(run.model));
    const result = await evaluation.evaluate(model);
    model.dispose();
    return result;
  }
  const last = latest();
  const { version, encoder } = session();
  return last?.version === version ? last.evaluation : evaluation.evaluate(encoder);
}
