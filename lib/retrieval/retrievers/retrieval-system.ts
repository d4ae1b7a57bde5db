import { z } from "zod";
import { cleaningOfDataset } from "../../datasets/manifest.js";
import type { Listener } from "../../engine/progress.js";
import type { EvaluationSet, Row } from "../../experiment/evaluation-set.js";
import {
  type RecallValidationConfig,
  recallValidationSection,
} from "../../experiment/sections/evaluation.js";
import { cleaningOf, type TextCleaning } from "../../tokenizer/text-cleaning.js";
import type { Manifest, RunFolder } from "../../tracking/run-folder.js";
import type { Retriever } from "./retriever.js";

/** Keys that the configuration of every system has. */
export interface SystemConfig {
  name?: string | undefined;
  task_id: string;
  run_id: string;
  output_dir: string;
  commit_hash: string | null;
  recall_validation: RecallValidationConfig;
}

/** A system ready to answer, with what it is evaluated on. */
export interface OpenedSystem<C extends SystemConfig = SystemConfig> {
  /** As configured, with what opening has found out (the weights of a fusion). */
  config: C;
  retriever: Retriever;
  sets: EvaluationSet[];
  /** Query columns that hold text, the search phrase first. */
  textColumns: string[];
  /** All query columns that are read, those that hold text first. */
  queryColumns: readonly string[];
  /** To be called with queries of no evaluation set before they are ranked: decodes their pictures. Absent: no need. */
  readQueries?: (queries: readonly Row[]) => Promise<void>;
  /** What is done to a query's text before typos; absent: cleaning. */
  prepare?: (text: string) => string;
  /** How its texts become words (of a fusion, those of its first system); absent: that of the data set's dictionary. */
  cleaning?: TextCleaning;
  /** Document column that names a document. */
  nameColumn: string;
  /** Document columns that are read as text. */
  documentColumns: readonly string[];
  /** Embeddings of queries or documents as their columns say, [rows, dim]; absent: the system has no encoder. */
  embed?: (
    rows: readonly Row[],
    side: "query" | "document",
  ) => Promise<{ vectors: Float32Array; dim: number }>;
  /** What a run's manifest says of where the system comes from. */
  origin: Pick<Manifest, "seed" | "dataset" | "backend" | "counts">;
  close(): void;
}

/** A finished run's system, ready to answer. */
export interface OpenedRetriever extends Omit<OpenedSystem, "config" | "origin"> {
  run: RunFolder;
  settings: RecallValidationConfig;
  prepare: (text: string) => string;
  cleaning: TextCleaning;
}

/** How a system reads texts, with what it leaves out: by its data set. */
export function readingOf(
  { prepare, cleaning }: Pick<OpenedSystem, "prepare" | "cleaning">,
  datasetDir: string,
): { prepare: (text: string) => string; cleaning: TextCleaning } {
  const used = cleaning ?? cleaningOf(cleaningOfDataset(datasetDir));
  return { prepare: prepare ?? used.clean, cleaning: used };
}

/** What a system is opened with. */
export interface OpenContext {
  /** The finished run whose system is opened; null: it is yet to be evaluated. */
  run: RunFolder | null;
  listener: Listener;
  /** An encoder's weights are of this checkpoint instead of the final ones. */
  checkpoint?: string;
  /** Opens a run that this one is made of. */
  openRun(dir: string): Promise<OpenedRetriever>;
}

/**
 * A way to answer queries that declares itself: a YAML file whose `system` is its name is read by its schema, opened,
 * evaluated into a run folder, and opened again for search, fusion and further evaluation.
 */
export interface RetrievalSystem<C extends SystemConfig = SystemConfig> {
  /** `system` in YAML, `kind` in the manifest of its runs. */
  readonly system: string;
  /** One line for documentation and error messages, e.g. "a BM25 baseline". */
  readonly summary: string;
  readonly schema: z.ZodType<C>;
  /** Key that names what it is made of: a run folder or several, or configuration files, which are run first. */
  readonly madeOf?: "run" | "runs";
  /** Whether a finished run's configuration is the one asked for, for systems that write down what they have found out. */
  isSame?(stored: C, asked: C): boolean;
  open(config: C, context: OpenContext): Promise<OpenedSystem<C>>;
}

const folderName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" })
  .describe("becomes a folder name");

/**
 * Keys that every system's schema begins with.
 *
 * @param name  display name in tables
 */
export function identityKeys<K extends string>(system: K, name: string) {
  return {
    system: z.literal(system),
    name: z.string().min(1).default(name).describe("display name in tables"),
    task_id: folderName,
    run_id: folderName,
  };
}

/** Where a run goes. */
export const outputKeys = {
  output_dir: z.string().min(1).default("reports/runs").describe("where <task_id>/<run_id>/ is written"),
  commit_hash: z.string().nullable().default(null).describe("provenance; null = ask git"),
};

/** What a system is evaluated on, and by. */
export const evaluationKeys = { recall_validation: recallValidationSection.prefault({}) };

/** The sets that a finished run has results on; those of a run to come are all. */
export function answeredSets(run: RunFolder | null, sets: readonly EvaluationSet[]): EvaluationSet[] {
  if (!run) return [...sets];
  const answered = new Set(run.queries().map((result) => result.set));
  return sets.filter((set) => answered.has(set.name));
}
