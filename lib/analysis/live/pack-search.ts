import type { PackedCorpus, PackedSystem, Payload } from "../../browser/payload.js";
import { PayloadWriter } from "../../browser/payload-bytes.js";
import type { Listener } from "../../engine/progress.js";
import { loadExperiment } from "../../experiment/load-experiment.js";
import { ownEntry } from "../../files/own-entry.js";
import type { Bm25Config } from "../../retrieval/retrievers/bm25-system.js";
import { loadStoredSystemConfig } from "../../retrieval/retrievers/load-any-config.js";
import { openEncoder } from "../../retrieval/retrievers/open-encoder.js";
import { openRetriever } from "../../retrieval/retrievers/open-retriever.js";
import type { OpenedRetriever } from "../../retrieval/retrievers/retrieval-system.js";
import { systemOf } from "../../retrieval/retrievers/systems.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { checkedTexts, fidelityOf, openInNode } from "./check-fidelity.js";
import { addColumns, liveCorpus } from "./live-corpus.js";
import { packDense, whyNotInPage } from "./pack-dense.js";
import { packLexical } from "./pack-lexical.js";
import { payloadSize } from "./page-bytes.js";

/** Bytes that a report may grow by for a search box that nobody has asked for. */
export const FREE_BYTES = 1_000_000;

/** A system packed by itself. */
interface Candidate {
  packed: PackedSystem;
  texts: Record<string, string[]>;
  columns: string[];
  rounding: string;
  opened: OpenedRetriever;
}

/**
 * Puts the systems of some runs into a page: BM25 and encoders of bags of text, all of one data set, with the documents of the
 * first evaluation set. Every one of them is asked 200 queries in the page's own code and in Node, and says how many
 * rankings are equal.
 *
 * @param runs           the first two that fit are shown first
 * @param options.limit  bytes that they may take together, smaller ones first; those that do not fit are named
 * @returns null if no encoder can be in the page
 */
export async function packSearch(
  runs: readonly RunFolder[],
  writer: PayloadWriter,
  options: { limit: number; nameOf: (run: RunFolder) => string; listener: Listener },
): Promise<Payload | null> {
  const { limit, nameOf, listener } = options;
  if (!runs.some((run) => run.manifest().kind === "dense")) return null;
  const left: { name: string; why: string }[] = [];
  const sized: { run: RunFolder; size: number }[] = [];
  for (const run of runs) {
    const trial = new PayloadWriter();
    const packed = await packRun(run, nameOf(run), trial, listener);
    if (typeof packed === "string") {
      left.push({ name: nameOf(run), why: packed });
      continue;
    }
    packed.opened.close();
    const corpus = corpusOf([packed]);
    const search = { systems: [packed.packed], left: [], examples: [], size: 0 };
    sized.push({ run, size: payloadSize({ corpus, search }, trial.bytes()) });
  }
  const chosen = fitting(sized, limit, (run, size) => {
    left.push({
      name: nameOf(run),
      why: `would add ${Math.round(size / 1000).toLocaleString("en")} kB; --live takes it in`,
    });
  });
  const candidates: Candidate[] = [];
  for (const run of runs.filter((other) => chosen.has(other))) {
    const packed = await packRun(run, nameOf(run), writer, listener);
    if (typeof packed !== "string") candidates.push(packed);
  }
  if (!candidates.some(({ packed }) => packed.kind === "dense")) {
    for (const { opened } of candidates) opened.close();
    return null;
  }
  const payload: Payload = {
    corpus: corpusOf(candidates),
    search: {
      systems: candidates.map(({ packed }) => packed),
      left,
      examples: examplesOf(candidates[0]!.opened),
      size: 0,
    },
  };
  payload.search!.size = payloadSize(payload, writer.bytes());
  await stateFidelity(payload, writer.bytes(), candidates);
  for (const { opened } of candidates) opened.close();
  return payload;
}

/** Opens a run and packs it; the reason, where it cannot be in a page. */
async function packRun(
  run: RunFolder,
  name: string,
  writer: PayloadWriter,
  listener: Listener,
): Promise<Candidate | string> {
  const { kind } = run.manifest();
  if (kind !== "dense" && kind !== "bm25") return `a system of kind ${kind} answers in Node alone`;
  const opened = await openRetriever(run.dir, { listener: {} });
  const { pool } = opened.sets[0]!;
  if (kind === "bm25") {
    const config = loadStoredSystemConfig(systemOf(kind), run.configFile) as Bm25Config;
    const { packed, texts } = await packLexical(name, config, pool);
    return { packed, texts, columns: [], rounding: "exact", opened };
  }
  const { config, encoder } = await openEncoder(run.dir);
  try {
    const why = whyNotInPage({ config, encoder });
    if (why !== null) {
      opened.close();
      return why;
    }
    const { features } = await loadExperiment(config, {}, { training: false });
    listener.line?.(`${name}: packed for the page`);
    const source = { name, modelFile: run.model, config, encoder, features, pool };
    return { ...packDense(source, writer), texts: {}, opened };
  } finally {
    encoder.dispose();
  }
}

/** The smallest that fit into the limit together, encoders and lexical systems alike. */
function fitting(
  sized: readonly { run: RunFolder; size: number }[],
  limit: number,
  tooLarge: (run: RunFolder, size: number) => void,
): Set<RunFolder> {
  const chosen = new Set<RunFolder>();
  let total = 0;
  for (const { run, size } of [...sized].sort((a, b) => a.size - b.size)) {
    if (total + size > limit) {
      tooLarge(run, size);
      continue;
    }
    total += size;
    chosen.add(run);
  }
  return chosen;
}

function corpusOf(candidates: readonly Candidate[]): PackedCorpus {
  const { sets, nameColumn } = candidates[0]!.opened;
  const corpus = liveCorpus(sets[0]!.pool, nameColumn);
  for (const { columns, texts } of candidates) {
    addColumns(corpus, sets[0]!.pool, columns);
    Object.assign(corpus.columns, texts);
  }
  return corpus;
}

/** A few queries of the evaluation set to begin with. */
function examplesOf({ sets, textColumns }: OpenedRetriever): string[] {
  const { queries } = sets[0]!;
  const [column] = textColumns;
  const count = Math.min(5, queries.length);
  return Array.from(
    { length: count },
    (_, i) => ownEntry(queries[Math.floor((i * queries.length) / count)]!.fields, column!) ?? "",
  ).filter((text) => text !== "");
}

/** Asks the packed systems and the runs, and writes down how they compare. */
async function stateFidelity(
  payload: Payload,
  bytes: Uint8Array,
  candidates: readonly Candidate[],
): Promise<void> {
  const live = await openInNode(payload, bytes);
  for (const [i, { opened, rounding, packed }] of candidates.entries()) {
    await opened.retriever.index(opened.sets[0]!.pool);
    const { equal, of } = await fidelityOf(live[i]!, opened, checkedTexts(opened));
    packed.fidelity = `${rounding}; ${equal} of ${of} queries, half of them misspelled, rank as in Node`;
  }
}
