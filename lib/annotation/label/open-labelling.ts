import fs from "node:fs";
import path from "node:path";
import { layout } from "../../datasets/dataset-layout.js";
import { openDataset } from "../../datasets/open-dataset.js";
import { readTrainingRows } from "../../datasets/training-rows.js";
import { parametersOf } from "../../encoders/parameters.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { encoderFeatures } from "../../experiment/encoder-features.js";
import type { EvaluationSet } from "../../experiment/evaluation-set.js";
import { knownSets } from "../../experiment/known-sets.js";
import { loadEvaluation } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { readLines } from "../../files/lines.js";
import { writeModel } from "../../files/model-file.js";
import { UserError } from "../../files/user-error.js";
import { parseMeasure } from "../../metrics/measure.js";
import { openEncoder } from "../../retrieval/retrievers/open-encoder.js";
import { RunFolder } from "../../tracking/run-folder.js";
import { readDocumentFile } from "../../training/fit/document-files.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import { DocumentRows } from "./document-rows.js";
import { LabelFolder } from "./label-folder.js";
import { LabelMeasures } from "./label-measures.js";
import { type GivenLabelSettings, type LabelSettings, parseLabelSettings } from "./label-settings.js";
import { LabelStore, readRows, type SideReading } from "./label-store.js";
import { LabelTraining } from "./label-training.js";
import { Labelling } from "./labelling.js";
import { Rehearsal } from "./rehearsal.js";

export interface LabellingOptions extends GivenLabelSettings {
  /** Where labels and weights are kept. Default: `labels` in the run's folder. */
  folder?: string;
  /** Forgets the labels that the folder holds. Default false. */
  clearLabelsOnStart?: boolean;
  listener?: Listener;
}

/** What embedding documents anew may take of an answer. */
const EMBED_MS = 400;

/** Queries measured at most. */
const MOST_MEASURED = 1000;

/**
 * Opens a run for labelling, or takes up what was labelled before. Settings that are not given are those that the folder was begun with.
 *
 * @param dir  a run with an encoder
 * @throws UserError for a run without an encoder that can be trained, a name that is not known, and settings other than those
 *   that the labels were begun with; DataError naming the file and line of labels that are damaged
 */
export async function openLabelling(dir: string, options: LabellingOptions = {}): Promise<Labelling> {
  const {
    folder: at = path.join(dir, "labels"),
    clearLabelsOnStart = false,
    listener = defaultListener(),
    ...given
  } = options;
  const folder = new LabelFolder(at);
  const asked = parseLabelSettings(given); // before any work
  parseMeasure(asked.measure);
  const { run, config, encoder } = await openEncoder(dir, { listener });
  try {
    if (clearLabelsOnStart) folder.clear();
    const begun = folder.begun();
    const settings = parseLabelSettings({ ...begun, ...given });
    const random = new Random(settings.seed).fork("labelling");
    const { sides, sets, measured } = await readData(config, settings, listener);
    const documents = new LabelStore(sides.document, encoder);
    const { pool } = sets[0]!;
    await documents.add(pool.items, pool.ids, listener);
    const questions = settings.questions === "documents" ? documents : new LabelStore(sides.query, encoder);
    if (questions !== documents) {
      const { rows, ids } = await questionRows(config, settings.questions, sides.query.rows);
      await questions.add(rows, ids, listener);
    }
    for (const [as, store] of [
      ["documents", documents],
      ["questions", questions],
    ] as const) {
      const fed = folder.fed(as);
      await store.add(
        fed.map((document, i) => store.reading.rows.rowOf(document, `label: ${as} ${i}`)),
        fed.map(({ id }) => id!),
        listener,
      );
    }
    if (begun === null && given.pool === undefined) settings.pool = affordablePool(documents, listener);
    const stores = { questions: questions === documents ? null : questions, documents };
    const rehearsal = settings.rehearsal === 0 ? null : await Rehearsal.read(config, sides, stores, listener);
    const training = new LabelTraining(
      ...([encoder, questions, documents, settings, rehearsal, random.fork("training")] as const),
    );
    documents.refresh(null, listener);
    folder.begin(settings, run.contentOf());
    const { set, queries, batch } = measured;
    return new Labelling(
      {
        ...{ encoder, questions, documents, training, folder, settings, random },
        dataset: config.dataset_dir,
        measures: new LabelMeasures(encoder, documents, set, queries, batch, settings.measure),
        write: (name, answers) => writeTuned(run, path.join(at, name), answers, () => parametersOf(encoder)),
        close: () => encoder.dispose(),
      },
      (line) => listener.line?.(line),
    );
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Documents whose embeddings fit into an answer; null = all of them. */
function affordablePool(documents: LabelStore, listener: Listener): number | null {
  const total = documents.rows.length;
  const sample = Int32Array.from({ length: Math.min(total, 256) }, (_, i) => i);
  documents.refresh(sample); // the first time costs more
  documents.outdate();
  const started = performance.now();
  documents.refresh(sample);
  const takes = ((performance.now() - started) / sample.length) * total;
  if (takes <= EMBED_MS) return null;
  const pool = Math.min(total, Math.max(100, Math.round((total * EMBED_MS) / takes)));
  listener.line?.(
    `of ${total} documents ${pool} are drawn for each question and embedded anew, since all would take about ${(takes / 1000).toFixed(1)} s after every answer; --pool changes that`,
  );
  return pool;
}

/** Everything of the run's data that labelling reads. */
async function readData(config: ExperimentConfig, settings: LabelSettings, listener: Listener) {
  const features = await encoderFeatures(config);
  const side = (name: "query" | "document"): SideReading => ({
    side: name,
    rows: new DocumentRows(config, name),
    pipeline: name === "query" ? features.queryFeatures : features.documentFeatures,
    readers: features.readers[name],
  });
  const sides = { query: side("query"), document: side("document") };
  const known = knownSets(openDataset(config.dataset_dir)).map(({ name }) => name);
  const usual = config.recall_validation.sets ?? known;
  if (settings.measuredOn !== null && !known.includes(settings.measuredOn))
    throw new UserError(
      `label: measuredOn must name an evaluation set of ${config.dataset_dir} (${known.join(", ")}), got "${settings.measuredOn}"`,
    );
  const wanted = settings.measuredOn ?? (known.includes("validation") ? "validation" : usual[0]!);
  const { sets } = await loadEvaluation(
    { ...config, recall_validation: { ...config.recall_validation, sets: [wanted] } },
    sides.query.rows.names,
    sides.document.rows.names,
    listener,
  );
  const { name: set, queries: all } = sets[0] as EvaluationSet;
  const queries = new Random(settings.seed)
    .fork("measured")
    .shuffle([...all])
    .slice(0, MOST_MEASURED);
  const batch = await readRows(
    sides.query,
    queries.map(({ fields }) => fields),
    listener,
  );
  return { sides, sets, measured: { set, queries, batch } };
}

/** Questions of the training part, each once, in the order of the files; or those of a file. */
async function questionRows(
  config: ExperimentConfig,
  source: string,
  reading: DocumentRows,
): Promise<{ rows: Record<string, string>[]; ids: string[] }> {
  if (source !== "queries") {
    const documents = source.endsWith(".txt") ? textLines(source) : await readDocumentFile(source);
    return {
      rows: documents.map((document, i) => reading.rowOf(document, `${source}: document ${i + 1}`)),
      ids: distinctIds(source, documents),
    };
  }
  const { dataset_dir: dir } = config;
  if (!fs.existsSync(path.join(dir, layout.training)))
    throw new UserError(
      `label: questions must be documents or a file where the data set has no training part, got ${source} of ${dir}`,
    );
  const { names } = reading;
  const { columns } = await readTrainingRows(dir, "training", names, {
    maxMalformed: config.max_malformed_rows,
    onError: config.on_error,
  });
  const rows = new Map<string, Record<string, string>>();
  columns[names[0]!]!.forEach((_, at) => {
    const cells = names.map((name) => columns[name]![at]!);
    const key = JSON.stringify(cells);
    if (!rows.has(key)) rows.set(key, Object.fromEntries(names.map((name, i) => [name, cells[i]!])));
  });
  return { rows: [...rows.values()], ids: Array.from(rows.keys(), (_, i) => `training-${i + 1}`) };
}

/** A document a line that holds something. */
function textLines(file: string): FitDocument[] {
  if (!fs.existsSync(file)) throw new DataError(`${file}: must exist, found none`);
  const texts = [...readLines(file)].map(({ number, text, problem }) => {
    if (text === null) throw new DataError(`${file}:${number}: ${problem}`);
    return text.trim();
  });
  return texts.filter((text) => text !== "").map((text) => ({ text }));
}

function distinctIds(file: string, documents: readonly FitDocument[]): string[] {
  const ids = documents.map(({ id }, i) => id ?? `question-${i + 1}`);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new UserError(`${file}: ids must differ, got "${twice}" twice`);
  return ids;
}

/** A run folder of the same configuration with the present weights, ready for `qdrl evaluate` and `qdrl search`. */
function writeTuned(
  run: RunFolder,
  dir: string,
  answers: number,
  parameters: () => Parameters<typeof writeModel>[1],
): string {
  const tuned = new RunFolder(dir);
  const { metrics: _, ...manifest } = run.manifest();
  writeModel(tuned.model, parameters(), "float32", {});
  atomicWriteFile(tuned.configFile, fs.readFileSync(run.configFile));
  tuned.writeManifest({
    ...manifest,
    system: `${manifest.system}, ${answers} labels`,
    runId: path.basename(dir),
    endedAt: new Date().toISOString(),
  });
  return dir;
}
