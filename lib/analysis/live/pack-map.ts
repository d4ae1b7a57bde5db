import type { PackedMap, PackedMapRun, Payload } from "../../browser/payload.js";
import type { PayloadWriter } from "../../browser/payload-bytes.js";
import { encodeAll } from "../../encoders/encode-all.js";
import type { Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import type { EvaluationSet, PoolQuery } from "../../experiment/evaluation-set.js";
import { loadExperiment } from "../../experiment/load-experiment.js";
import { textColumnsOf } from "../../experiment/text-columns.js";
import { ownEntry } from "../../files/own-entry.js";
import { PALETTE } from "../../reporting/figures/theme.js";
import { exactSearch } from "../../retrieval/indexes/exact-search.js";
import { openEncoder } from "../../retrieval/retrievers/open-encoder.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { querySlices } from "../query-slices.js";
import { addColumns, liveCorpus } from "./live-corpus.js";
import { mapLayouts } from "./map-layouts.js";

const QUERIES = 600;
const NEIGHBOURS = 10;
/** Documents up to which every point's neighbours are in the page. */
const MOST_WITH_NEIGHBOURS = 20_000;
/** Distinct values of a column that still tell documents apart by kind, not by name. */
const MOST_KINDS = 400;

/** One run's model: its set, and its embeddings of documents and of some queries. */
interface Space {
  run: RunFolder;
  set: EvaluationSet;
  dim: number;
  documents: Float32Array;
  queries: Float32Array;
  nameColumn: string;
}

/**
 * Puts maps of some runs' models into a page: all documents of the first evaluation set and up to 600 of its queries, laid out
 * by UMAP and by principal axes, with every point's nearest documents in the model's own space.
 *
 * @param payload          what the page has so far; the documents must be the same. null: nothing yet
 * @param options.measure  per-query measure that points are coloured by
 * @returns the payload with the map
 */
export async function packMap(
  runs: readonly RunFolder[],
  payload: Payload | null,
  writer: PayloadWriter,
  options: { measure: string; nameOf: (run: RunFolder) => string; listener: Listener },
): Promise<Payload> {
  let asked: PoolQuery[] = [];
  const spaces: Space[] = [];
  for (const run of runs) {
    const space = await openSpace(run, asked);
    if (spaces.length > 0 && space.set.pool.ids.join() !== spaces[0]!.set.pool.ids.join()) continue;
    if (asked.length === 0) asked = space.asked;
    spaces.push(space);
  }
  const { set, run, nameColumn } = spaces[0]!;
  const made: Payload = payload ?? { corpus: liveCorpus(set.pool, nameColumn) };
  const columns = colouringColumns(set, made.corpus.names);
  addColumns(made.corpus, set.pool, columns);
  const packed: PackedMapRun[] = [];
  for (const space of spaces) packed.push(await packSpace(space, asked, writer, options));
  const map: PackedMap = {
    queries: {
      texts: asked.map(textOf),
      relevant: asked.map(({ relevant }) => Math.min(...relevant)),
      slices: await slicesOf(run, set.name, asked),
    },
    runs: packed,
    columns,
    palette: PALETTE,
  };
  return { ...made, map };
}

/** @param asked  queries to embed; none: a sample is drawn */
async function openSpace(
  run: RunFolder,
  asked: readonly PoolQuery[],
): Promise<Space & { asked: PoolQuery[] }> {
  const { config, encoder } = await openEncoder(run.dir);
  try {
    const { sets, features } = await loadExperiment(config, {}, { training: false });
    const set = sets[0]!;
    const byId = new Map(set.queries.map((query) => [query.id, query]));
    const sample = new Random(1)
      .fork("map queries")
      .shuffle([...set.queries])
      .slice(0, QUERIES);
    const chosen = asked.length === 0 ? sample : asked.flatMap(({ id }) => byId.get(id) ?? []);
    const fields = chosen.map((query) => query.fields);
    return {
      ...{ run, set, dim: encoder.outputDim, nameColumn: textColumnsOf(config).nameColumn, asked: chosen },
      documents: encodeAll(encoder, features.documentFeatures.encode(set.pool.items), "document"),
      queries: encodeAll(encoder, features.queryFeatures.encode(fields), "query"),
    };
  } finally {
    encoder.dispose();
  }
}

async function packSpace(
  { run, set, dim, documents, queries }: Space,
  asked: readonly PoolQuery[],
  writer: PayloadWriter,
  { measure, nameOf, listener }: { measure: string; nameOf: (run: RunFolder) => string; listener: Listener },
): Promise<PackedMapRun> {
  const count = documents.length / dim;
  const points = new Float32Array(documents.length + queries.length);
  points.set(documents);
  points.set(queries, documents.length);
  let neighbours: PackedMapRun["neighbours"] = null;
  if (count <= MOST_WITH_NEIGHBOURS) {
    const width = Math.min(NEIGHBOURS, count);
    const excludePerQuery = Int32Array.from({ length: points.length / dim }, (_, i) => (i < count ? i : -1));
    const { ids } = exactSearch({ documents, dim, queries: points, k: width, excludePerQuery });
    neighbours = { width, ids: writer.add(ids) };
  }
  return {
    name: nameOf(run),
    layouts: (await mapLayouts(run, points, dim, listener)).map(({ name, coordinates, statement }) => ({
      name,
      points: writer.addPoints(coordinates),
      statement,
    })),
    neighbours,
    values: Object.fromEntries(
      Object.entries(pointValues(run, set, asked, measure)).map(([name, values]) => [
        name,
        writer.add(values),
      ]),
    ),
  };
}

/**
 * A measure of every point, and what it loses at the highest typo probability: of a query its own, of a document the mean over
 * the queries that it is relevant to; NaN where there is none.
 */
export function pointValues(
  run: RunFolder,
  set: EvaluationSet,
  asked: readonly PoolQuery[],
  measure: string,
): Record<string, Float32Array> {
  const results = run.queries().filter((result) => result.set === set.name);
  const typo = Math.max(...results.map((result) => result.typo));
  const byQuery = (probability: number) =>
    new Map(
      results
        .filter((result) => result.typo === probability)
        .map(({ id, values }) => [id, ownEntry(values, measure) ?? Number.NaN]),
    );
  const clean = byQuery(0);
  const spread = (ofQuery: (id: string) => number): Float32Array => {
    const count = set.pool.ids.length;
    const sums = new Float64Array(count);
    const counts = new Int32Array(count);
    for (const { id, relevant } of set.queries)
      for (const document of relevant) {
        const value = ofQuery(id);
        if (Number.isNaN(value)) continue;
        sums[document]! += value;
        counts[document]!++;
      }
    const out = new Float32Array(count + asked.length);
    for (let i = 0; i < count; i++) out[i] = counts[i] === 0 ? Number.NaN : sums[i]! / counts[i]!;
    asked.forEach(({ id }, i) => {
      out[count + i] = ofQuery(id);
    });
    return out;
  };
  const values = { [measure]: spread((id) => clean.get(id) ?? Number.NaN) };
  if (typo === 0) return values;
  const misspelled = byQuery(typo);
  const lost = (id: string) => (clean.get(id) ?? Number.NaN) - (misspelled.get(id) ?? Number.NaN);
  return { ...values, [`${measure} lost at typos ${typo}`]: spread(lost) };
}

/** Columns whose values are kinds or numbers, not names. */
function colouringColumns({ pool }: EvaluationSet, names: readonly string[]): string[] {
  const size = pool.items.length;
  return Object.keys(pool.items[0] ?? {}).filter((column) => {
    if (["document_id", "document_emoji", "document_picture"].includes(column)) return false;
    const values = pool.items.map((item) => ownEntry(item, column) ?? "");
    if (values.every((value, i) => value === names[i])) return false;
    const kinds = new Set(values);
    const numbers = [...kinds].every((value) => value === "" || Number.isFinite(Number(value)));
    return kinds.size > 1 && (numbers || kinds.size <= Math.min(MOST_KINDS, size / 2));
  });
}

function textOf({ fields }: PoolQuery): string {
  return ownEntry(fields, "query_search_phrase") ?? Object.values(fields)[0] ?? "";
}

/** Division → the slice of every query, "" where it has none. */
async function slicesOf(
  run: RunFolder,
  set: string,
  asked: readonly PoolQuery[],
): Promise<Record<string, string[]>> {
  const slices = await querySlices(run, { set });
  const divisions = new Set([...slices.values()].flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...divisions].map((division) => [
      division,
      asked.map(({ id }) => ownEntry(slices.get(id), division) ?? ""),
    ]),
  );
}
