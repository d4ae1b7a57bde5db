import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { readMisspellings } from "../datasets/misspellings.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import type { Pool, Row } from "../experiment/evaluation-set.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { checkDistinct } from "../files/check-distinct.js";
import { gunzip } from "../files/inflate.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { checkMisspellable, openRetriever } from "../retrieval/retrievers/open-retriever.js";
import type { AskedQuery, Ranked, Retriever } from "../retrieval/retrievers/retriever.js";
import { SpellingRetriever } from "../retrieval/retrievers/spelling-retriever.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { createTypos, usualTypoModels } from "../typos/create-typos.js";
import { misspellableShare, misspellingTable } from "../typos/real-misspellings.js";
import { evaluate } from "./evaluate.js";

/** One query under one kind of typo: a line of robustness.jsonl.gz. */
export interface RobustnessResult {
  model: string;
  typo: number;
  /** Its spelling was corrected by the corpus' words before the search. */
  corrected?: true;
  id: string;
  /** As misspelled, before any correction. */
  query: string;
  values: Record<string, number>;
}

export interface RobustnessOptions {
  /**
   * Typo models by name; null (default) = all but those of other languages' keyboards, "real" where its misspellings have been
   * imported.
   */
  models?: readonly string[] | null;
  /** Probabilities per word. Default 0.25, 0.5, 0.75. */
  probabilities?: readonly number[];
  /** Evaluation set; default: the first. */
  set?: string;
  /** An encoder's weights from this checkpoint instead of the final ones. */
  checkpoint?: string;
  /** Also the same with every query's spelling corrected before the search. Default false. */
  correct?: boolean;
  /** Where `real` finds its misspellings. */
  misspellingsDir?: string;
  listener?: Listener;
}

const FILE = "robustness.jsonl.gz";

/**
 * Evaluates a run under every kind of typo and probability, clean queries included (model "clean"), and keeps one line
 * per query in the run folder. So kinds that the run was trained on can be compared with kinds that it never met.
 * "real" also comes at probability 1: every word misspelled of which a real misspelling is known.
 *
 * @returns the results, and the share of the queries' words that "real" can misspell (null if it was not asked)
 */
export async function evaluateRobustness(
  dir: string,
  options: RobustnessOptions = {},
): Promise<{ results: RobustnessResult[]; misspellableWords: number | null }> {
  const {
    probabilities = [0.25, 0.5, 0.75],
    misspellingsDir = "data/typos",
    listener = defaultListener(),
  } = options;
  const available = fs.existsSync(path.join(misspellingsDir, "manifest.json"));
  const names = options.models ?? [...usualTypoModels(), ...(available ? ["real"] : [])];
  const records = names.includes("real") ? readMisspellings(misspellingsDir) : null;
  const opened = await openRetriever(dir, options);
  try {
    const { clean } = opened.cleaning;
    const table = records && misspellingTable(records, clean);
    checkDistinct("robustness: kinds of typo", names);
    checkDistinct("robustness: typo probabilities", options.probabilities ?? []);
    const models = names.map((name) => createTypos(name, table));
    checkMisspellable(opened, "evaluateRobustness");
    const set = opened.sets.find((candidate) => candidate.name === (options.set ?? opened.sets[0]!.name));
    if (!set)
      throw new UserError(
        `evaluateRobustness: set must be one of ${opened.sets.map((s) => s.name).join(", ")}, got "${options.set}"`,
      );
    const retriever = new IndexedOnce(opened.retriever);
    const systems: { retriever: Retriever; mark: { corrected?: true } }[] = [{ retriever, mark: {} }];
    if (options.correct)
      systems.push({
        retriever: new IndexedOnce(new SpellingRetriever(retriever, opened)),
        mark: { corrected: true },
      });
    const results: RobustnessResult[] = [];
    const run = async (
      model: string,
      typoProbabilities: readonly number[],
      typos?: (typeof models)[number],
    ) => {
      for (const { retriever, mark } of systems) {
        const { perQuery } = await evaluate({
          ...opened,
          retriever,
          sets: [set],
          ks: [10],
          typoProbabilities,
          listener,
          ...(typos ? { typos } : {}),
        });
        for (const { typo, id, query, values } of perQuery)
          results.push({ model, typo, ...mark, id, query, values });
      }
    };
    await run("clean", [0]);
    for (const typos of models)
      await run(
        typos.name,
        typos.name === "real" ? [...new Set([...probabilities, 1])] : probabilities,
        typos,
      );
    const text = results.map((result) => `${JSON.stringify(result)}\n`).join("");
    atomicWriteFile(path.join(opened.run.dir, FILE), gzipSync(text));
    const queries = set.queries.map(({ fields }) => clean(ownEntry(fields, opened.textColumns[0]!) ?? ""));
    return { results, misspellableWords: table && misspellableShare(table, queries) };
  } finally {
    opened.close();
  }
}

/** A system that indexes a pool once, however often it is asked to. */
class IndexedOnce implements Retriever {
  private pool: Pool | null = null;

  constructor(private readonly retriever: Retriever) {}

  async index(pool: Pool): Promise<void> {
    if (this.pool !== pool) await this.retriever.index(pool);
    this.pool = pool;
  }

  retrieve(queries: readonly Row[], k: number, asked?: readonly AskedQuery[]): Promise<Ranked[]> {
    return this.retriever.retrieve(queries, k, asked);
  }
}

/** Whether {@link evaluateRobustness} was called on a run. */
export function hasRobustness(run: RunFolder): boolean {
  return fs.existsSync(path.join(run.dir, FILE));
}

/** What {@link evaluateRobustness} left in a run folder. @throws RangeError if nothing */
export function readRobustness(run: RunFolder): RobustnessResult[] {
  const file = path.join(run.dir, FILE);
  if (!hasRobustness(run))
    throw new UserError(
      `${file}: must exist, got a run without it; make it with: qdrl evaluate --robustness`,
    );
  return gunzip(fs.readFileSync(file), file)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new UserError(`${file}: line ${i + 1} must be JSON, got ${JSON.stringify(line.slice(0, 40))}`);
      }
    });
}
