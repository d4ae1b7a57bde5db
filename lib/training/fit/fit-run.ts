import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { parse, stringify } from "yaml";
import { createEncoder } from "../../encoders/create-encoder.js";
import type { EncoderSpec } from "../../encoders/encoder.js";
import type { Random } from "../../engine/random/random.js";
import { evaluate } from "../../evaluation/evaluate.js";
import { LabelledRetriever, labelledSet } from "../../evaluation/labelled-retrieval.js";
import { formatConfig } from "../../experiment/load-config.js";
import { checkReplaceable } from "../../files/replace-folder.js";
import { readSealed, writeSealedYaml } from "../../files/sealed-text.js";
import { UserError } from "../../files/user-error.js";
import { DenseRetriever } from "../../retrieval/retrievers/dense-retriever.js";
import { newManifest, RUN_MARKS, RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "../callbacks/callback.js";
import type { RunEvaluation } from "../callbacks/retrieval-evaluation.js";
import { runCallbacks } from "../callbacks/run-callbacks.js";
import { claimData } from "../claim-run.js";
import type { Session } from "../session.js";
import { type FitBatch, sizeOfData } from "./fit-batches.js";
import { type FitConfig, fitConfig, MEASURED } from "./fit-config.js";
import type { FitData } from "./fit-data.js";
import type { FitPlan } from "./fit-plan.js";
import type { ResolvedOptions } from "./fit-schema.js";
import { ENCODER_FILE, type FitSources } from "./fit-sources.js";
import { heldOutSet } from "./held-out.js";

export interface FitRunParts {
  dir: string;
  users: readonly Callback[];
  seed: number;
  sources: FitSources;
  plan: FitPlan;
  batchSize: number;
  random: Random;
  session: () => Session<FitBatch>;
  tell: (line: string) => void;
}

/**
 * The run folder of a fit: a new one, or one of the same options and data. Its options are in fit.yaml; config.yaml is a
 * configuration that search and evaluation open the run by, or says why there is none and the run keeps rankings alone.
 *
 * @throws RangeError for one of other options or data, and if there is nothing to evaluate on
 */
export function openFitRun(
  options: ResolvedOptions,
  parts: FitRunParts,
): { folder: RunFolder; callbacks: Callback[] } {
  const { dir, plan, sources, batchSize } = parts;
  const { encoder, source, trainData, config } = sources;
  const folder = new RunFolder(path.resolve(dir) === dir ? dir : path.normalize(dir));
  if (options.fresh) checkReplaceable(folder.dir, RUN_MARKS);
  const evaluation = evaluationOf(options, parts);
  const dataset = source?.dataset ?? {
    ...{ name: `${trainData.kind} data`, dir: "" },
    fingerprint: fingerprintOf(trainData),
  };
  const settings = settingsOf(options, parts);
  if (options.fresh) fs.rmSync(folder.dir, { recursive: true, force: true });
  claimSettings(folder, settings);
  const previous = claimData(folder, dataset, folder.dir, "choose another runDir, or set fresh");
  const { dir: at } = folder;
  const { spec } = sources;
  const made = fitConfig(options, {
    ...{ dir: at, name: settings.name, seed: parts.seed, spec, source, made: config, batchSize },
  });
  if ("reason" in made) parts.tell(`${at}: cannot be searched: ${made.reason}`);
  // what a later fit goes on from: other runs' configurations say it themselves
  if ("reason" in made && config) writeSealedYaml(path.join(at, ENCODER_FILE), formatConfig(config));
  writeSealedYaml(folder.configFile, configText(made, settings, options.evaluation !== undefined || !source));
  const manifest = newManifest({
    kind: "config" in made ? "dense" : "rankings",
    ...{ system: settings.name, seed: parts.seed, dataset },
    ...{ taskId: path.basename(path.dirname(folder.dir)), runId: path.basename(folder.dir) },
    ...{ backend: tf.getBackend(), engine: plan.engine },
    counts: { [`training ${trainData.kind}`]: sizeOfData(trainData), parameters: encoder.parameterCount },
    ...(previous && { startedAt: previous.startedAt }),
  });
  const callbacks = runCallbacks({
    ...{ run: folder, manifest, session: parts.session, users: parts.users, before: [], after: [] },
    ...{ logEvery: 50, tensorboard: false, checkpoints: { every: 1, keep: 1 }, storeRows: "float32" },
    ...{ best: null, evaluation },
  });
  return { folder, callbacks };
}

/** Answers queries of the sets passed, or of the data set. */
function evaluationOf(
  { evaluation, evaluateBefore: before = false, side }: ResolvedOptions,
  { sources, random }: FitRunParts,
): RunEvaluation {
  const { source, encoder, spec, trainData, evalData } = sources;
  const heldOut = !source && evalData ? heldOutSet(trainData, evalData, side) : null;
  const own = evaluation ?? (heldOut && { "held out": heldOut });
  const fresh = () => {
    if (!spec) throw new UserError("fit: an encoder that is passed as such cannot be made again");
    return createEncoder(spec, random.fork("encoder"));
  };
  const every = 1;
  if (own) {
    const sets = Object.entries(own).map(([name, options]) => labelledSet(name, options));
    return {
      ...{ every, before, fresh },
      evaluate: (model) =>
        evaluate({
          ...MEASURED,
          sets: sets.map(({ set }) => set),
          retriever: new LabelledRetriever(sets, model),
          ...{ textColumns: ["id"], prepare: (id) => id },
        }),
    };
  }
  if (!source)
    throw new UserError(
      `fit: evaluation, or evalData that can be ranked, must be given with runDir, as trainData names no data set, got none for ${encoder.kind}`,
    );
  return {
    ...{ every, before, fresh },
    evaluate: (model) =>
      evaluate({
        ...{ ...MEASURED, sets: source.sets, textColumns: source.textColumns },
        retriever: new DenseRetriever({ encoder: model, ...source.features }),
        prepare: source.prepare,
      }),
  };
}

/** What decides the numbers of a fit, as fit.yaml holds it; functions by their source. */
function settingsOf(options: ResolvedOptions, { sources, seed, batchSize }: FitRunParts) {
  const { loss, model: _model, trainData, ...rest } = options;
  const { encoder, spec, config } = sources;
  const kept = [
    ...["miner", "negatives", "sampler", "itemsPerClass", "views", "optimizer", "configureOptimizer"],
    ...["learningRate", "layerWiseDecay", "lossOptimizer", "schedule", "scheduleBy", "clipNorm", "chunkSize"],
    ...["side", "emptyBatch", "valSplit", "csvOptions", "preprocess", "collate", "description"],
  ] as (keyof typeof rest)[];
  const named = Array.isArray(trainData)
    ? { documents: trainData.length }
    : typeof trainData === "object" && "kind" in trainData
      ? { kind: trainData.kind }
      : trainData;
  const model = config ? config.model : spec ? withoutWeights(spec) : { kind: encoder.kind };
  return {
    system: "fit",
    name: options.name ?? `${encoder.kind}, ${loss.kind.replaceAll("_", " ")}`,
    ...{ model, train_data: named, loss, seed, batchSize },
    ...Object.fromEntries(
      kept.flatMap((key) => {
        const value = rest[key];
        if (value === undefined) return [];
        return [[key, typeof value === "function" ? String(value) : value]];
      }),
    ),
  };
}

function withoutWeights({ transformer, ...spec }: EncoderSpec): object {
  if (!transformer) return spec;
  const { initial: _initial, ...rest } = transformer;
  return { ...spec, transformer: rest };
}

/** What config.yaml holds: see {@link openFitRun}. */
function configText(made: FitConfig, settings: object, ownSets: boolean): string {
  if ("reason" in made)
    return stringify({
      ...settings,
      not_searchable: made.reason,
      evaluation: ownSets ? "passed" : "data set",
    });
  const { config, elsewhere } = made;
  const note = elsewhere.length > 0 ? `# Without a key here, in fit.yaml: ${elsewhere.join(", ")}\n` : "";
  return `${note}${formatConfig(config)}`;
}

/** The batch size that a run was begun with, null where there is none. */
export function storedBatchSize(dir: string): number | null {
  const file = path.join(dir, "fit.yaml");
  if (!fs.existsSync(file)) return null;
  const { batchSize } = parse(readSealed(file)) as { batchSize?: number };
  return batchSize ?? null;
}

/** Writes the settings of a new run to fit.yaml, or checks that an old one has the same. */
function claimSettings(folder: RunFolder, settings: Readonly<Record<string, unknown>>): void {
  const text = stringify(settings);
  const file = path.join(folder.dir, "fit.yaml");
  if (!fs.existsSync(file)) {
    if (fs.existsSync(folder.configFile))
      throw new UserError(
        `${folder.dir}: must be a new folder or that of a fit, got another run; choose another runDir, or set fresh`,
      );
    writeSealedYaml(file, text);
    return;
  }
  const stored: Record<string, unknown> = parse(readSealed(file)) ?? {};
  const wanted: Record<string, unknown> = parse(text);
  const changed = [...new Set([...Object.keys(stored), ...Object.keys(wanted)])].filter(
    (key) => key !== "name" && JSON.stringify(stored[key]) !== JSON.stringify(wanted[key]),
  );
  if (changed.length > 0)
    throw new UserError(
      `${file}: a run goes on only with its own options, got another ${changed.join(", ")}; choose another runDir, or set fresh`,
    );
}

/** A hash of every number of the data. */
function fingerprintOf(data: FitData): string {
  const hash = createHash("sha256");
  const add = (name: string, value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      hash.update(name);
      hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) add(`${name}/${key}`, inner);
    else hash.update(`${name}=${String(value)}`);
  };
  add("", data);
  return hash.digest("hex").slice(0, 16);
}
