import { createHash } from "node:crypto";
import fs from "node:fs";
import type { JudgingTask, TaskDocument, TaskQuery } from "../../browser/judging/judging-task.js";
import { picturePath } from "../../datasets/images/picture-path.js";
import { readItems } from "../../datasets/items.js";
import { type QueueEntry, readJudgingQueue } from "../../datasets/judging-queue.js";
import { evaluationFilesOf, openDataset } from "../../datasets/open-dataset.js";
import { readQueries } from "../../datasets/queries.js";
import { type Qrels, readQrels, trecId } from "../../datasets/trec.js";
import { Random } from "../../engine/random/random.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { parseMeasure } from "../../metrics/measure.js";
import { pictureAddress } from "../../reporting/pictures.js";
import type { JudgingSources } from "./judging-sources.js";
import { shownFields } from "./shown-fields.js";

export interface JudgingTaskOptions {
  /** Documents of each system that are pooled. Default 10. */
  k?: number;
  /** Default nDCG at k. Its cut-off may not be beyond k. */
  measure?: string;
  /** Of every draw and order. Default 1. */
  seed?: number;
  /** Share of queries drawn all alike. Default 0.2. */
  random?: number;
  /** Share of documents asked for twice. Default 0.1. */
  secondPass?: number;
  /** Queries that stand for all, drawn once; default: all. */
  queries?: number;
  guidelines?: string;
  /** Document columns that are shown, the first as heading; default: see shownFields. */
  fields?: readonly string[];
  /** File of grades that need not be asked, in TREC's or BEIR's form. */
  qrels?: string;
  /** File of documents to be judged: see writeJudgingQueue. */
  queue?: string;
  /** Without pictures the page is smaller. Default true. */
  pictures?: boolean;
}

/** Longest text of a field that is shown. */
const SHOWN_TEXT = 600;

/**
 * What is to be judged so that systems can be compared: the best k documents of each for every query that all answered, each
 * document once, with all that a judge should see.
 *
 * @throws UserError for fewer than two systems without a list, a measure that looks further than k, grades or a list of another data set
 */
export async function buildJudgingTask(
  sources: JudgingSources,
  options: JudgingTaskOptions = {},
): Promise<JudgingTask> {
  const { k = 10, seed = 1, random = 0.2, secondPass = 0.1, guidelines = "", pictures = true } = options;
  const measure = checkMeasure(options.measure ?? `nDCG@${k}`, k);
  if (options.queue === undefined && sources.systems.length < 2)
    throw new UserError(`runs: must be two or more to be compared, got ${sources.systems.length}`);
  if (!(random > 0 && random <= 1)) throw new UserError(`random: must be in (0, 1], got ${random}`);
  sources.rankings.forEach((ranking, i) => {
    const kept = Math.max(0, ...[...ranking.values()].map((list) => list.length));
    if (kept < k && sources.queries === undefined)
      throw new UserError(
        `k: must be at most ${kept}, the documents that ${sources.systems[i]} keeps of a query, got ${k}`,
      );
  });
  const { dir } = sources.dataset;
  const dataset = openDataset(dir, { verify: "size" });
  const { itemsPath, queriesPath } = evaluationFilesOf(dataset, sources.pool ?? sources.set);
  const { items, ids } = await readItems(itemsPath);
  const queries = sources.queries ?? (await readQueries(queriesPath)).queries;
  const rowOf = new Map(ids.flatMap((id, row) => [[trecId(id), row] as const, [id, row] as const]));
  const kept = new Map<number, number>();
  const placeOf = (row: number) => {
    if (!kept.has(row)) kept.set(row, kept.size);
    return kept.get(row)!;
  };
  const queue = options.queue === undefined ? null : readJudgingQueue(options.queue);
  const answered = queries.filter(({ id }) =>
    queue
      ? queue.some((entry) => entry.query === id)
      : sources.rankings.every((ranking) => ranking.has(id) || ranking.has(trecId(id))),
  );
  if (answered.length === 0)
    throw new UserError(
      queue
        ? `${options.queue}: must name queries of ${dataset.name}, set "${sources.set}", got ${queue[0]!.query}`
        : `runs: must answer queries of ${dataset.name}, set "${sources.set}", together, got none that all answer`,
    );
  const chosen = sampled(answered, options.queries ?? answered.length, seed);
  const known = options.qrels === undefined ? null : readKnown(options.qrels, chosen, dataset.name);
  const pictureOf = (named: string | undefined) =>
    pictures && named && fs.existsSync(picturePath(dir, named))
      ? pictureAddress(picturePath(dir, named))
      : undefined;
  const asked: TaskQuery[] = chosen.map(({ id, fields }) => {
    const lists = queue ? [] : sources.rankings.map((ranking) => listOf(ranking, id, k, rowOf).map(placeOf));
    const grades = known?.get(trecId(id)) ?? known?.get(id);
    const picture = pictureOf(ownEntry(fields, "query_picture"));
    const pooled = new Map(lists.flat().map((place) => [place, true]));
    return {
      id,
      text: ownEntry(fields, "query_search_phrase") ?? Object.values(fields)[0] ?? id,
      lists,
      ...(picture === undefined ? {} : { picture }),
      ...(grades && {
        known: [...grades].flatMap(([document, grade]) => {
          const row = rowOf.get(document);
          const place = row === undefined ? undefined : kept.get(row);
          return place !== undefined && pooled.has(place) ? [[place, grade] as const] : [];
        }),
      }),
    };
  });
  const entries = queue && queuedOf(queue, options.queue!, asked, rowOf, placeOf, dataset.name);
  const rows = [...kept.keys()];
  const fields = options.fields ?? shownFields(items, rows);
  const missing = fields.find((field) => !rows.some((row) => ownEntry(items[row]!, field) !== undefined));
  if (missing !== undefined)
    throw new UserError(`fields: must be of ${Object.keys(items[0]!).join(", ")}, got "${missing}"`);
  const documents: TaskDocument[] = rows.map((row) => {
    const picture = pictureOf(ownEntry(items[row]!, "document_picture"));
    const texts = fields.map((field) => shorten(ownEntry(items[row]!, field) ?? ""));
    const shown = { texts, ...(picture === undefined ? {} : { picture }) };
    return { id: ids[row]!, ...shown, sha256: hashOf(shown) };
  });
  const task = {
    ...{ dataset: dataset.name, fingerprint: dataset.fingerprint, set: sources.set, measure, k, seed },
    ...{ random, secondPass, systems: sources.systems, guidelines, fields, documents, queries: asked },
    ...(entries && { queue: entries }),
  };
  return { id: hashOf(task), ...task };
}

function hashOf(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

function checkMeasure(name: string, k: number): string {
  const measure = parseMeasure(name);
  const cutoff = Number(/@(\d+)$/.exec(measure.name)?.[1] ?? Number.POSITIVE_INFINITY);
  if (cutoff > k || measure.name.startsWith("Judged"))
    throw new UserError(
      `measure: must tell relevance within the ${k} documents that are judged of each run, as nDCG@${k}, got ${measure.name}`,
    );
  return measure.name;
}

function sampled<T>(all: readonly T[], count: number, seed: number): T[] {
  if (count >= all.length) return [...all];
  const places = new Random(seed)
    .fork("queries")
    .shuffle([...all.keys()])
    .slice(0, count);
  return places.sort((a, b) => a - b).map((place) => all[place]!);
}

/** The best k documents that the pool has. */
function listOf(
  ranking: ReadonlyMap<string, readonly string[]>,
  query: string,
  k: number,
  rowOf: ReadonlyMap<string, number>,
): number[] {
  const list = ranking.get(query) ?? ranking.get(trecId(query))!;
  const rows = list.slice(0, k).map((document) => {
    const row = rowOf.get(document);
    if (row === undefined)
      throw new UserError(`runs: must rank documents of the data set, got "${document}" for query ${query}`);
    return row;
  });
  return [...new Set(rows)];
}

function readKnown(file: string, queries: readonly { id: string }[], name: string): Qrels {
  const qrels = readQrels(file);
  if (!queries.some(({ id }) => qrels.has(id) || qrels.has(trecId(id))))
    throw new UserError(
      `${file}: must grade queries of ${name}, such as ${queries[0]!.id}, got those of another data set, such as ${[...qrels.keys()][0]}`,
    );
  return qrels;
}

function queuedOf(
  queue: readonly QueueEntry[],
  file: string,
  queries: readonly TaskQuery[],
  rowOf: ReadonlyMap<string, number>,
  placeOf: (row: number) => number,
  name: string,
) {
  const queryOf = new Map(queries.map(({ id }, i) => [id, i]));
  return queue.map(({ query, document, reason }) => {
    const row = rowOf.get(document);
    const place = queryOf.get(query);
    if (row === undefined || place === undefined)
      throw new UserError(
        `${file}: must name queries and documents of ${name}, got ${row === undefined ? `document "${document}"` : `query "${query}"`}`,
      );
    return { query: place, document: placeOf(row), reason };
  });
}

function shorten(text: string): string {
  return text.length <= SHOWN_TEXT ? text : `${text.slice(0, SHOWN_TEXT).replace(/\s+\S*$/, "")} …`;
}
