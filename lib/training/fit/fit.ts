import path from "node:path";
import type { Encoder } from "../../encoders/encoder.js";
import { withFolderLock } from "../../files/folder-lock.js";
import { UserError } from "../../files/user-error.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "../callbacks/callback.js";
import { runEpochs } from "../train.js";
import type { DocumentReader } from "./document-reader.js";
import type { FitOptions, PublishedFitOptions } from "./fit-options.js";
import { heldOutMeasure, type ReportRow, reportRows } from "./fit-report.js";
import { parseFitOptions, type ResolvedOptions } from "./fit-schema.js";
import type { FitSources } from "./fit-sources.js";
import { openFit } from "./open-fit.js";
import { writeOnnx } from "./write-onnx.js";

export interface FitResult {
  encoder: Encoder;
  epochsRun: number;
  /** mean losses by epoch of this call; validationLoss is NaN without evalData */
  history: { trainLoss: number; validationLoss: number; metrics: Record<string, number> }[];
  /** why it ended before its last epoch, or null */
  stopped: string | null;
  /** the run folder, null without runDir */
  run: RunFolder | null;
  /** what training brought on held-out data, by measure; null where nothing was measured (option `report`) */
  report: ReportRow[] | null;
  /** what computed the steps */
  engine: string;
  /** and on what: cpu or gpu, and the backend of tfjs */
  device: string;
  /** ONNX files that were written */
  onnx: string[];
  batchSize: number;
  /** reads further documents as the encoder does; null where nobody knows how */
  read: DocumentReader | null;
}

/**
 * Trains an encoder in one call, by the loop that trains experiments (see runEpochs). Per epoch: batches are drawn anew,
 * each is a step; with evalData the validation loss follows; callbacks run at every moment named by TrainingEvent.
 *
 * Equal options and seed give equal numbers, resumed or not: the batches of an epoch come from the seed and its number.
 *
 * @throws RangeError before training starts, for names that are not registered, batch sizes that sampler and miner cannot
 *   work with, labels that can never make a pair or triplet, and a run folder of other options or data
 * @see specs/4-finetuner.md sections 3 to 8
 */
export async function fit(given: FitOptions | PublishedFitOptions): Promise<FitResult> {
  const options = parseFitOptions(given);
  const { runDir, tell } = options;
  return runDir === undefined ? fitAlone(options) : withFolderLock(runDir, () => fitAlone(options), tell);
}

async function fitAlone(options: ResolvedOptions): Promise<FitResult> {
  const history: FitResult["history"] = [];
  const remember: Callback = {
    name: "history",
    on: {
      epoch_end: ({ trainLoss, validationLoss, metrics }) =>
        void history.push({ trainLoss, validationLoss, metrics: { ...metrics } }),
    },
  };
  const { session, run, sources, engine, device, batchSize } = await openFit(options, remember);
  try {
    const measure = measureOf(options, sources);
    const before = measure?.(session.encoder);
    await runEpochs(session);
    const stopped = session.interrupted ? "interrupted" : session.stopped;
    const { encoder } = session;
    const report = before && measure ? reportRows(before, measure(encoder)) : null;
    const { spec } = sources;
    const { toOnnx, runDir } = options;
    const folder = toOnnx === true ? path.join(runDir!, "onnx") : toOnnx;
    const onnx = folder && spec ? writeOnnx(encoder, spec, folder) : [];
    return {
      ...{
        onnx,
        device,
        encoder,
        epochsRun: history.length,
        history,
        stopped,
        run,
        report,
        engine,
        batchSize,
      },
      read: sources.read,
    };
  } finally {
    session.trainer.close();
    if (sources.trainData.kind === "pairs") await sources.trainData.stream?.pairs.close();
  }
}

/** How the fit is measured before and after, null if it is not. */
function measureOf(
  { report, side }: ResolvedOptions,
  { documents, trainData, evalData }: FitSources,
): ReturnType<typeof heldOutMeasure> {
  const wanted = report ?? (documents && evalData !== null);
  if (!wanted) return null;
  if (!evalData) throw new UserError("fit: evalData or valSplit must be given for a report, got neither");
  const measure = heldOutMeasure(trainData, evalData, side);
  if (!measure && report)
    throw new UserError(
      `fit: report must be of data that can be ranked or have scores, got ${evalData.kind} data`,
    );
  return measure;
}
