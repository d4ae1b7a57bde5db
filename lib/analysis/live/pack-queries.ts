import type { PackedAnswers, PackedQuerySet, Payload } from "../../browser/payload.js";
import type { PayloadWriter } from "../../browser/payload-bytes.js";
import { ownEntry } from "../../files/own-entry.js";
import type { QueryResult, RunFolder } from "../../tracking/run-folder.js";
import { querySlices } from "../query-slices.js";
import { documentsOf } from "../run-documents.js";
import { liveCorpus } from "./live-corpus.js";

/** Queries of a set that a page has at most. */
export const MOST_QUERIES = 5000;
const DEPTH = 10;

export interface QueriesOptions {
  sets: readonly string[];
  typos: readonly number[];
  measures: readonly string[];
  nameOf: (run: RunFolder) => string;
  compared: [a: RunFolder, b: RunFolder];
}

/**
 * Puts every evaluation query into a page, with the values of every system at every typo probability, its slices, its
 * relevant documents, and what each system found at the lowest and the highest probability. Of several seeds of a system the
 * first run is taken.
 *
 * @param payload  what the page has so far; its documents are those of the first set. null: nothing yet
 */
export async function packQueries(
  runs: readonly RunFolder[],
  payload: Payload | null,
  writer: PayloadWriter,
  options: QueriesOptions,
): Promise<Payload> {
  const { sets, measures, nameOf } = options;
  const systems = [...new Map([...runs].reverse().map((run) => [nameOf(run), run])).values()].reverse();
  const made = payload ?? { corpus: await corpusOf(systems[0]!, sets[0]!) };
  const positions = new Map(made.corpus.ids.map((id, i) => [id, i]));
  const packed: PackedQuerySet[] = [];
  for (const set of sets) packed.push(await packSet(systems, set, positions, writer, options));
  const place = (run: RunFolder) => systems.findIndex((other) => nameOf(other) === nameOf(run));
  return {
    ...made,
    queries: {
      systems: systems.map(nameOf),
      measures: [...measures],
      depth: DEPTH,
      sets: packed,
      compared: [place(options.compared[0]), place(options.compared[1])],
    },
  };
}

async function corpusOf(run: RunFolder, set: string) {
  const documents = await documentsOf(run, set);
  return liveCorpus({ ids: [...documents.keys()], items: [...documents.values()] }, "document_name");
}

async function packSet(
  systems: readonly RunFolder[],
  set: string,
  positions: ReadonlyMap<string, number>,
  writer: PayloadWriter,
  { typos, measures }: QueriesOptions,
): Promise<PackedQuerySet> {
  const of = (run: RunFolder, typo: number) =>
    run.queries().filter((result) => result.set === set && result.typo === typo);
  const all = of(systems[0]!, typos[0]!);
  const asked = all.slice(0, MOST_QUERIES);
  const slices = await querySlices(systems[0]!, { set, typo: typos[0]! });
  const divisions = new Set([...slices.values()].flatMap((each) => Object.keys(each)));
  const offsets = [0];
  const relevant: number[] = [];
  for (const result of asked) {
    for (const id of result.relevant) relevant.push(positions.get(id) ?? -1);
    offsets.push(relevant.length);
  }
  const answers = typos.map((typo, level): PackedAnswers => {
    const byRun = systems.map((run) => new Map(of(run, typo).map((result) => [result.id, result])));
    const results = byRun.map((byId) => asked.map(({ id }) => byId.get(id)));
    return {
      typo,
      texts: results[0]!.map((result) => result?.query ?? ""),
      systems: results.map((found) => ({
        values: Object.fromEntries(
          measures.map((measure) => [
            measure,
            writer.add(Float32Array.from(found, (result) => ownEntry(result?.values, measure) ?? Number.NaN)),
          ]),
        ),
        top: level === 0 || level === typos.length - 1 ? writer.add(topOf(found, positions)) : null,
      })),
    };
  });
  return {
    name: set,
    size: all.length,
    slices: Object.fromEntries(
      [...divisions].map((division) => [
        division,
        asked.map(({ id }) => ownEntry(slices.get(id), division) ?? ""),
      ]),
    ),
    relevant: { ids: writer.add(Int32Array.from(relevant)), offsets: writer.add(Int32Array.from(offsets)) },
    answers,
  };
}

function topOf(
  results: readonly (QueryResult | undefined)[],
  positions: ReadonlyMap<string, number>,
): Int32Array {
  const top = new Int32Array(results.length * DEPTH).fill(-1);
  results.forEach((result, q) => {
    result?.top.slice(0, DEPTH).forEach(([id], rank) => {
      top[q * DEPTH + rank] = positions.get(id) ?? -1;
    });
  });
  return top;
}
