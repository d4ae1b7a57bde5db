import fs from "node:fs";
import path from "node:path";
import { layout } from "../datasets/dataset-layout.js";
import { readItems } from "../datasets/items.js";
import { cleaningOfDataset } from "../datasets/manifest.js";
import { type Dataset, openDataset } from "../datasets/open-dataset.js";
import { readQueries } from "../datasets/queries.js";
import { describeReport, type ReadReport } from "../datasets/read-report.js";
import { reportCounts } from "../datasets/report-counts.js";
import { readTrainingRows } from "../datasets/training-rows.js";
import { resolvedRows } from "../encoders/model-sizes.js";
import type { Listener } from "../engine/progress.js";
import { type FeaturePipeline, sourceColumns } from "../features/feature-pipeline.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import type { TextCleaning } from "../tokenizer/text-cleaning.js";
import type { TextVectorizer, WordCuts } from "../tokenizer/text-vectorizer.js";
import { configCleaning } from "./config-cleaning.js";
import { addDocumentPairs } from "./document-pairs.js";
import { categoryMappers, encoderFeatures } from "./encoder-features.js";
import { type EvaluationSet, evaluationSet, type Pool, type Row } from "./evaluation-set.js";
import { readJudgedGrades, withJudgements } from "./judged-grades.js";
import { addJudgedPairs, judgedPairs, verdictsOf } from "./judged-pairs.js";
import { type ChosenSet, knownSets } from "./known-sets.js";
import { labelledRows } from "./labelled-rows.js";
import { openPairStream, type PairStream } from "./pair-stream.js";
import { buildPairs, type PairSet } from "./pairs.js";
import type { ExperimentConfig } from "./schema.js";
import type { FeatureConfig } from "./sections/dataset.js";
import { cellsOf, type TextFeature, TextScan, textsOfRecords } from "./text-scan.js";
import { validationQueries } from "./validation-queries.js";
import { createVectorizer } from "./vectorizers.js";

export interface LoadedEvaluation {
  dataset: { name: string; dir: string; fingerprint: string };
  sets: EvaluationSet[];
  /** What was read, left out and hashed; goes into the manifest. */
  counts: Record<string, number>;
}

export interface LoadedExperiment extends LoadedEvaluation {
  /** All training pairs; none where they are streamed. */
  pairs: PairSet;
  /** Reads the training pairs anew in every epoch; null where they are in memory. The caller closes it. */
  stream: PairStream | null;
  /** null if the data set has no validation part. */
  validation: PairSet | null;
  features: { queryFeatures: FeaturePipeline; documentFeatures: FeaturePipeline };
  /** To be called with queries of no evaluation set before they are encoded: decodes their pictures. */
  readQueries: (queries: readonly Row[]) => Promise<void>;
  /** Ids per text. */
  textLength: number;
  /** Word boundaries of the ids, if the vectoriser has them. */
  words: WordCuts | null;
}

/**
 * Reads everything that a configuration names: pairs, pools, queries and dictionaries.
 *
 * @param options.training  false leaves the training and validation pairs out (for evaluation and search)
 * @param options.stream    true lets training pairs be streamed, where the configuration or their size asks for it;
 *   otherwise all of them are read into memory
 * @throws RangeError with one line naming file and rule when data and configuration do not fit together
 */
export async function loadExperiment(
  config: ExperimentConfig,
  listener: Listener,
  options: { training?: boolean; stream?: boolean } = {},
): Promise<LoadedExperiment> {
  const names = {
    query: columnsOf(config.dataset.query_features),
    document: columnsOf(config.dataset.document_features),
  };
  const cleaning = configCleaning(config);
  const scan = new TextScan(cleaning, listener);
  const evaluation = await loadEvaluation(config, names.query, names.document, listener, {
    scan,
    query: textsOf(config.dataset.query_features),
    document: textsOf(config.dataset.document_features),
  });
  const vectorizer = createVectorizer(config);
  checkDictionary(config, cleaning, listener);
  const categories = categoryMappers(config);
  checkTables(config, vectorizer, categories);
  const { readers, queryFeatures, documentFeatures } = await encoderFeatures(config, vectorizer, categories);
  const { counts } = evaluation;
  for (const { pool, queries } of evaluation.sets) {
    await readers.document.prepare(pool.items, listener);
    await readers.query.prepare(
      queries.map((query) => query.fields),
      listener,
    );
  }
  const read = async (part: "training" | "validation"): Promise<PairSet> => {
    const graded = part === "training" ? config.dataset.grade_column : null;
    const columns = [...new Set([...names.query, ...names.document, ...(graded === null ? [] : [graded])])];
    const { columns: texts, report } =
      part === "training"
        ? await labelledRows(config, columns)
        : await readTrainingRows(config.dataset_dir, part, columns, {
            maxMalformed: config.max_malformed_rows,
            onError: config.on_error,
          });
    note(listener, counts, `${part} `, report);
    const judged = part === "training" ? await judgedPairs(config, names) : null;
    const gradeCells = graded !== null ? texts[graded]! : judged && texts[names.query[0]!]!.map(() => "1");
    if (judged !== null) Object.assign(counts, addJudgedPairs(judged, texts, names, gradeCells!));
    if (part === "training")
      Object.assign(counts, addDocumentPairs(config.dataset, texts, names, evaluation.sets[0]!.pool.items));
    await readers.query.prepare(rowsOf(texts, names.query), listener);
    await readers.document.prepare(rowsOf(texts, names.document), listener);
    const further = judged?.notRelevant.map(({ document }) => document) ?? [];
    if (further.length > 0) await readers.document.prepare(further, listener);
    for (const feature of textsOf([...config.dataset.query_features, ...config.dataset.document_features]))
      scan.add(`${part} rows`, feature.name, cellsOf(feature, texts));
    const built = buildPairs(texts, names, { query: queryFeatures, document: documentFeatures }, further);
    const verdicts = part === "training" ? await verdictsOf(config, built, names, judged) : null;
    return {
      ...built,
      ...(verdicts && { verdicts }),
      ...(gradeCells && {
        grades: gradesOf(graded ?? "grade", gradeCells, built.queryOf.length),
      }),
    };
  };
  const empty: PairSet = {
    queries: { size: 0, columns: {} },
    documents: { size: 0, columns: {} },
    queryOf: new Int32Array(0),
    documentOf: new Int32Array(0),
  };
  const wanted = options.training ?? true;
  const stream =
    wanted && options.stream ? await openPairStream(config, (line) => listener.line?.(line)) : null;
  const pairs = wanted && stream === null ? await read("training") : empty;
  const validation =
    wanted && fs.existsSync(path.join(config.dataset_dir, layout.validation))
      ? await read("validation")
      : null;
  Object.assign(counts, scan.finish());
  for (const pipeline of [queryFeatures, documentFeatures]) Object.assign(counts, pipeline.countsByPhrase());
  for (const side of [readers.query, readers.document]) {
    const pictures = side.picturesRead();
    Object.assign(counts, pictures.counts);
    for (const line of pictures.failures.slice(0, 5)) listener.line?.(`left out: ${line}`);
  }
  return {
    ...evaluation,
    pairs,
    stream,
    validation,
    features: { queryFeatures, documentFeatures },
    readQueries: (queries) => readers.query.prepare(queries, listener),
    textLength: vectorizer.length,
    words: vectorizer.words ?? null,
  };
}

/** Features that are read as text, with their columns. */
function textsOf(features: readonly FeatureConfig[]): TextFeature[] {
  return features.flatMap((feature) =>
    feature.type === "text" ? [{ name: feature.name, columns: sourceColumns(feature) }] : [],
  );
}

/** A dictionary of the other cleaning knows few of the words that it is asked for. */
function checkDictionary(
  { text_vectorizer: text, dataset_dir: dir }: ExperimentConfig,
  cleaning: TextCleaning,
  listener: Listener,
): void {
  const made = cleaningOfDataset(dir);
  const inDataset =
    "dictionary_path" in text &&
    text.dictionary_path !== null &&
    fs.existsSync(path.join(dir, text.dictionary_path));
  if (inDataset && made !== cleaning.name && fs.existsSync(path.join(dir, layout.manifest)))
    listener.line?.(
      `text.cleaning: ${cleaning.name}, but the dictionary of ${dir} was made with ${made}; words that the two write differently are hashed`,
    );
}

/** Columns that features are read from, each once. */
function columnsOf(features: readonly FeatureConfig[]): string[] {
  return [...new Set(features.flatMap((feature) => sourceColumns({ from: undefined, ...feature })))];
}

/** Columns as rows, of those names alone. */
function rowsOf(
  columns: Readonly<Record<string, readonly string[]>>,
  names: readonly string[],
): Record<string, string>[] {
  const first = columns[names[0]!]!;
  return first.map((_, row) => Object.fromEntries(names.map((name) => [name, columns[name]![row]!])));
}

/** Reads the evaluation sets that a configuration asks for; all of the data set's by default. */
export async function loadEvaluation(
  config: Pick<ExperimentConfig, "dataset_dir" | "recall_validation" | "max_malformed_rows">,
  queryColumns: readonly string[],
  documentColumns: readonly string[],
  listener: Listener,
  texts: { scan: TextScan; query: readonly TextFeature[]; document: readonly TextFeature[] } | null = null,
): Promise<LoadedEvaluation> {
  const dataset = openDataset(config.dataset_dir);
  const counts: Record<string, number> = {};
  const limits = { maxMalformed: config.max_malformed_rows };
  const pools = new Map<string, Pool>();
  const sets: EvaluationSet[] = [];
  for (const { name, itemsPath, queriesPath } of chosenSets(dataset, config.recall_validation.sets)) {
    let pool = pools.get(itemsPath);
    if (!pool) {
      const { items, ids, report } = await readItems(path.join(dataset.dir, itemsPath), limits);
      checkColumns(path.join(dataset.dir, itemsPath), items[0]!, documentColumns);
      note(listener, counts, `${name} documents: `, report);
      pool = { items, ids };
      pools.set(itemsPath, pool);
      for (const feature of texts?.document ?? [])
        texts!.scan.add(`${name} documents`, feature.name, textsOfRecords(feature, items));
    }
    let set: EvaluationSet;
    if (queriesPath === null)
      set = await validationQueries(dataset.dir, pool, {
        queries: queryColumns,
        document: documentColumns[0] ?? "document_name",
      });
    else {
      const { queries, report } = await readQueries(path.join(dataset.dir, queriesPath), {
        ...limits,
        columns: [...queryColumns],
      });
      note(listener, counts, `${name} queries: `, report);
      set = evaluationSet(name, pool, queries);
    }
    for (const feature of texts?.query ?? [])
      texts!.scan.add(
        `${name} queries`,
        feature.name,
        textsOfRecords(
          feature,
          set.queries.map(({ fields }) => fields),
        ),
      );
    counts[`${name} queries`] = set.queries.length;
    counts[`${name} documents`] = pool.items.length;
    if (set.skippedQueries > 0 || set.missingDocuments > 0) {
      counts[`${name} queries skipped`] = set.skippedQueries;
      counts[`${name} relevant documents missing`] = set.missingDocuments;
      listener.line?.(
        `${name}: ${set.missingDocuments} relevant documents are not in the pool; ${set.skippedQueries} queries without any other are left out`,
      );
    }
    sets.push(set);
  }
  const { judgements } = config.recall_validation;
  if (judgements === null)
    return {
      dataset: { name: dataset.name, dir: dataset.dir, fingerprint: dataset.fingerprint },
      sets,
      counts,
    };
  const judged = withJudgements(sets, readJudgedGrades(judgements, dataset), judgements);
  if (judged.line !== null) listener.line?.(judged.line);
  return {
    dataset: { name: dataset.name, dir: dataset.dir, fingerprint: dataset.fingerprint },
    sets: judged.sets,
    counts: {
      ...counts,
      ...judged.counts,
      ...Object.fromEntries(judged.sets.map(({ name, queries }) => [`${name} queries`, queries.length])),
    },
  };
}

function chosenSets(dataset: Dataset, names: readonly string[] | undefined): readonly ChosenSet[] {
  if (names === undefined) return dataset.evaluationSets;
  const known = knownSets(dataset);
  return names.map((name) => {
    const found = known.find((set) => set.name === name);
    if (!found)
      throw new UserError(
        `recall_validation.sets: must name evaluation sets of ${dataset.dir} (${known.map((set) => set.name).join(", ")}), got "${name}"`,
      );
    return found;
  });
}

function checkColumns(file: string, first: Record<string, string>, columns: readonly string[]): void {
  for (const column of columns)
    if (!Object.hasOwn(first, column))
      throw new UserError(
        `${file}:1: documents must have the field "${column}", got ${Object.keys(first).join(", ")}`,
      );
}

function note(listener: Listener, counts: Record<string, number>, prefix: string, report: ReadReport): void {
  Object.assign(counts, reportCounts(prefix, report));
  for (const line of describeReport(report)) listener.line?.(`${prefix}${line}`);
}

/** What the rows of a text table stand for. */
const tableParts = {
  dictionary: "dictionary and OOV buckets",
  hashing: "hash buckets",
  subword: "dictionary, OOV and n-gram buckets",
  word_pieces: "word-pieces",
};

function checkTables(
  { model, text_vectorizer: text }: ExperimentConfig,
  vectorizer: TextVectorizer,
  mappers: Record<string, CategoricalMapper>,
): void {
  const rows = resolvedRows(model.text_embedding.num_embeddings);
  if (vectorizer.rows > rows)
    throw new UserError(
      `model.text_embedding.num_embeddings: must be at least ${vectorizer.rows} (${tableParts[text.type]}), got ${rows}`,
    );
  if (model.type === "Towers") checkTowerTables(model, mappers);
  if (model.type !== "MultiModalTwoTower") return;
  const mapper = mappers[model.document.categorical_feature!]!;
  if (mapper.rows > resolvedRows(model.category_feature.num_embeddings))
    throw new UserError(
      `model.category_feature.num_embeddings: must be at least ${mapper.rows} (dictionary and OOV buckets), got ${model.category_feature.num_embeddings}`,
    );
}

function checkTowerTables(
  model: Extract<ExperimentConfig["model"], { type: "Towers" }>,
  mappers: Record<string, CategoricalMapper>,
): void {
  for (const side of ["query", "document"] as const)
    model[side].features.forEach(({ feature, encoder }, i) => {
      const rows = ownEntry(mappers, feature)?.rows ?? 0;
      if (encoder.type === "category" && rows > resolvedRows(encoder.num_embeddings))
        throw new UserError(
          `model.${side}.features.${i}.encoder.num_embeddings: must be at least ${rows} (dictionary and OOV buckets), got ${encoder.num_embeddings}`,
        );
    });
}

/** Grades of pairs, 1 for pairs that were added to those read. */
function gradesOf(column: string, cells: readonly string[], pairs: number): Float32Array {
  const grades = new Float32Array(pairs).fill(1);
  cells.slice(0, pairs).forEach((cell, i) => {
    grades[i] = Number(cell);
    if (!(grades[i]! > 0 && Number.isFinite(grades[i])))
      throw new UserError(
        `dataset.grade_column: "${column}" must hold numbers > 0, got "${cell}" in pair ${i}`,
      );
  });
  return grades;
}
