import { encodeAll } from "../encoders/encode-all.js";
import type { Encoder } from "../encoders/encoder.js";
import { parametersOf, setParameters } from "../encoders/parameters.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import { configCleaning } from "../experiment/config-cleaning.js";
import { type LoadedExperiment, loadExperiment } from "../experiment/load-experiment.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { textColumnsOf } from "../experiment/text-columns.js";
import { ROW_STORAGES, type RowStorage, rowBytes, storedRows } from "../files/rounded-rows.js";
import { UserError } from "../files/user-error.js";
import { judgeRanking } from "../metrics/judged-ranking.js";
import { parseMeasure } from "../metrics/measure.js";
import { buildIndex, type IndexSpec } from "../retrieval/indexes/open-index.js";
import { misspelledRows } from "../retrieval/retrievers/misspelled-rows.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";
import { qwertyTypos } from "../typos/qwerty-typos.js";

/** One way to make a trained encoder and its index smaller. */
export interface CompressionSetting {
  /** of the embedding tables' rows */
  rows: RowStorage;
  /** of the documents' vectors */
  vectors: RowStorage;
  /** numbers of an embedding that are used; null = all */
  width: number | null;
  /** whole vectors that score the best `candidates` · k again; null = the scan decides */
  rescore: { storage: "float32" | "int8"; candidates: number } | null;
}

/** A setting on a run. */
export interface CompressionPoint extends CompressionSetting {
  /** What tables call the run's system. */
  system: string;
  seed: number;
  /** tables and dense weights */
  modelBytes: number;
  /** vectors, and those that score again */
  indexBytes: number;
  /** median time of a search among embedded documents, queries asked one by one */
  searchMs: number;
  /** the measure of every query, as written and misspelled */
  clean: Float64Array;
  misspelled: Float64Array;
}

export interface CompressionOptions {
  /** Evaluation set; default: the run's first. */
  set?: string;
  /** By name. Default Recall@10. */
  measure?: string;
  /** Probability of a typo per word of misspelled queries. Default .75. */
  typos?: number;
  settings?: readonly CompressionSetting[];
  listener?: Listener;
}

/** Candidates that are scored again for each of k. */
const CANDIDATES = 4;
const K = 10;
/** Queries that are timed. */
const TIMED = 100;

/**
 * What {@link compressRun} tries by default: rows in every storage from that of the run down, beside whole vectors; vectors in
 * every storage with and without rescoring, beside rows in int8 (or the run's); and half, a quarter and an eighth of the width.
 */
export function compressionSettings(stored: RowStorage, dim: number): CompressionSetting[] {
  const storages = ROW_STORAGES.slice(ROW_STORAGES.indexOf(stored));
  const rows = storages.includes("int8") ? "int8" : stored;
  const plain = { width: null, rescore: null };
  const whole = { storage: "int8", candidates: CANDIDATES } as const;
  const widths = [dim / 2, dim / 4, dim / 8].filter((width) => Number.isInteger(width) && width >= 8);
  const all: CompressionSetting[] = [
    ...storages.map((storage) => ({ ...plain, rows: storage, vectors: "float32" as const })),
    ...ROW_STORAGES.slice(1).map((vectors) => ({ ...plain, rows, vectors })),
    { ...plain, rows, vectors: "int4", rescore: whole },
    { ...plain, rows, vectors: "binary", rescore: whole },
    ...widths.map((width) => ({ ...plain, rows, vectors: "int8" as const, width })),
    ...widths.slice(0, 2).map((width) => ({ rows, vectors: "int4" as const, width, rescore: whole })),
    ...storages.slice(1).map((storage) => ({ ...plain, rows: storage, vectors: storage })),
  ];
  return all.filter((setting, i) => all.findIndex((other) => sameSetting(setting, other)) === i);
}

/**
 * Measures a trained run under every setting, without training: rows of its tables are rounded and read back as the model
 * file would, documents lie in an index of rounded vectors, and a narrower width takes the first numbers of both sides. All
 * settings answer the same queries and misspellings.
 *
 * A model is counted as narrow as its vectors where its embeddings are sums of rows (no dense layer) and no whole vector
 * scores again, else whole.
 *
 * @throws UserError for a run without that set, or whose queries have no text
 */
export async function compressRun(
  dir: string,
  options: CompressionOptions = {},
): Promise<CompressionPoint[]> {
  const { measure: name = "Recall@10", typos = 0.75, listener = defaultListener() } = options;
  const { run, config, encoder } = await openEncoder(dir, { listener });
  try {
    const data = await loadExperiment(config, listener, { training: false });
    const set = data.sets.find((each) => each.name === (options.set ?? data.sets[0]!.name));
    if (set === undefined)
      throw new UserError(
        `compress: set must be one of ${data.sets.map((each) => each.name).join(", ")}, got "${options.set}"`,
      );
    const embedded = embedder(config, encoder, data, set, typos);
    const measure = parseMeasure(name);
    const dim = encoder.outputDim;
    const trained = parametersOf(encoder);
    const settings = options.settings ?? compressionSettings(config.store_rows, dim);
    const points: CompressionPoint[] = [];
    const { system, seed } = run.manifest();
    let rows: RowStorage | null = null;
    let sides = null as unknown as ReturnType<typeof embedded>;
    for (const setting of [...settings].sort(
      (a, b) => ROW_STORAGES.indexOf(a.rows) - ROW_STORAGES.indexOf(b.rows),
    )) {
      if (rows !== setting.rows) {
        rows = setting.rows;
        setParameters(encoder, roundedParameters(trained, rows));
        sides = embedded();
      }
      const { documents, clean, misspelled } = sides;
      const index = buildIndex(documents, indexOf(setting, dim, config.recall_validation.similarity));
      const values = async (queries: Float32Array) => {
        const { ids } = await index.search(queries, K);
        return Float64Array.from({ length: queries.length / dim }, (_, q) => {
          const found = Array.from(ids.subarray(q * K, (q + 1) * K)).filter((id) => id >= 0);
          return measure.compute(judgeRanking(found, set.queries[q]!.grades));
        });
      };
      points.push({
        ...setting,
        ...{
          system,
          seed,
          modelBytes: modelBytes(encoder, setting),
          indexBytes: indexBytes(setting, set.pool.items.length, dim),
        },
        clean: await values(clean),
        misspelled: await values(misspelled),
        searchMs: await timed(clean, dim, (query) => index.search(query, K)),
      });
      await index.close();
      listener.progress?.({
        task: `compress ${system}`,
        done: points.length,
        total: settings.length,
        unit: "settings",
      });
    }
    return points;
  } finally {
    encoder.dispose();
  }
}

/** Embeds documents, queries and misspelled queries with whatever parameters the encoder has. */
function embedder(
  config: ExperimentConfig,
  encoder: Encoder,
  { features }: LoadedExperiment,
  set: LoadedExperiment["sets"][number],
  typos: number,
) {
  const { textColumns } = textColumnsOf(config);
  if (textColumns.length === 0)
    throw new UserError("compress: queries must have text, which is misspelled, got none");
  const { clean } = configCleaning(config);
  const asked = (probability: number) =>
    features.queryFeatures.encode(misspelledRows(set.queries, textColumns, probability, qwertyTypos, clean));
  const [written, wrong] = [asked(0), asked(typos)];
  const documents = features.documentFeatures.encode(set.pool.items);
  return () => ({
    documents: encodeAll(encoder, documents, "document"),
    clean: encodeAll(encoder, written, "query"),
    misspelled: encodeAll(encoder, wrong, "query"),
  });
}

function roundedParameters(
  trained: ReturnType<typeof parametersOf>,
  storage: RowStorage,
): ReturnType<typeof parametersOf> {
  const rounded = Object.entries(trained).map(([name, { shape, data }]) => {
    const isTable = name.startsWith("tables/") && shape[1] !== 1;
    return [name, { shape, data: isTable ? storedRows(storage, data as Float32Array, shape[1]!) : data }];
  });
  return Object.fromEntries(rounded);
}

/** An index of the setting's vectors; whole ones are searched exhaustively in kernels. */
function indexOf(
  { vectors, width, rescore }: CompressionSetting,
  dim: number,
  metric: "cosine" | "dot",
): IndexSpec {
  if (vectors === "float32") return { kind: "exact", dim, metric, threads: 1 };
  return { kind: "rounded", dim, metric, storage: vectors, width: width ?? dim, rescore };
}

/** Bytes of tables and dense weights under a setting, without the file's header. */
export function modelBytes(encoder: Encoder, { rows, width, rescore }: CompressionSetting): number {
  const dense = Object.values(encoder.weights).reduce((sum, { size }) => sum + 4 * size, 0);
  const cut = width !== null && rescore === null && dense === 0 ? width : null;
  return Object.values(encoder.tables).reduce((sum, table) => {
    const dim = cut === null ? table.dim : Math.min(cut, table.dim);
    return sum + table.rows * (table.dim === 1 ? 4 : rowBytes(rows, dim));
  }, dense);
}

function indexBytes({ vectors, width, rescore }: CompressionSetting, documents: number, dim: number): number {
  return (
    documents * (rowBytes(vectors, width ?? dim) + (rescore === null ? 0 : rowBytes(rescore.storage, dim)))
  );
}

async function timed(
  queries: Float32Array,
  dim: number,
  search: (query: Float32Array) => Promise<unknown>,
): Promise<number> {
  const times: number[] = [];
  for (let q = 0; q < Math.min(TIMED, queries.length / dim); q++) {
    const query = queries.slice(q * dim, (q + 1) * dim);
    const began = performance.now();
    await search(query);
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

function sameSetting(a: CompressionSetting, b: CompressionSetting): boolean {
  return (
    a.rows === b.rows &&
    a.vectors === b.vectors &&
    a.width === b.width &&
    JSON.stringify(a.rescore) === JSON.stringify(b.rescore)
  );
}
