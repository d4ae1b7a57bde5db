import type { LiveSystem } from "../../browser/live-system.js";
import type { Payload } from "../../browser/payload.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { misspelledRows } from "../../retrieval/retrievers/misspelled-rows.js";
import type { OpenedRetriever } from "../../retrieval/retrievers/retrieval-system.js";
import { qwertyTypos } from "../../typos/qwerty-typos.js";
import { bundleForBrowser } from "./bundle-page.js";

/** Queries that are asked both ways. */
export const CHECKED_QUERIES = 200;
const DEPTH = 10;
const EXPLAINED = 20;
const TOLERANCE = 1e-6;

interface NodeCore {
  openSystems(payload: Payload, bytes: unknown): LiveSystem[];
  PayloadBytes: new (bytes: Uint8Array) => unknown;
}

/** Opens the systems of a page with the page's own bundle, in this process. */
export async function openInNode(payload: Payload, bytes: Uint8Array): Promise<LiveSystem[]> {
  const code = await bundleForBrowser("lib/browser/node-core.ts", {
    globalName: "qdrlCore",
    stemmers: needsStemmers(payload),
  });
  const core = new Function(`${code}\nreturn qdrlCore;`)() as NodeCore;
  return core.openSystems(payload, new core.PayloadBytes(bytes));
}

/** Whether a system of a page stems words. */
export function needsStemmers({ search }: Payload): boolean {
  return (search?.systems ?? []).some(
    (packed) =>
      packed.kind === "bm25" && packed.analysis.type === "standard" && packed.analysis.stemmer !== null,
  );
}

/** Texts that a page and Node are both asked: up to 200 of a set's queries, every second one misspelled. */
export function checkedTexts({ sets, textColumns, prepare }: OpenedRetriever): string[] {
  const { queries } = sets[0]!;
  const count = Math.min(CHECKED_QUERIES, queries.length);
  const some = Array.from({ length: count }, (_, i) => queries[Math.floor((i * queries.length) / count)]!);
  const [column] = textColumns;
  const clean = misspelledRows(some, textColumns, 0, qwertyTypos, prepare);
  const misspelled = misspelledRows(some, textColumns, 0.75, qwertyTypos, prepare);
  return some.map((_, i) => ownEntry((i % 2 === 0 ? clean : misspelled)[i], column!) ?? "");
}

/**
 * How a system of a page compares with the run that it was made of: of the texts, how many have the same first ten documents
 * in the same order, and the largest difference between a score and the sum of its shares.
 *
 * @throws UserError if shares miss a score by more than 1e-6
 */
export async function fidelityOf(
  live: LiveSystem,
  opened: OpenedRetriever,
  texts: readonly string[],
): Promise<{ equal: number; of: number; largestMiss: number }> {
  const [column] = opened.queryColumns;
  const rows = texts.map((text) =>
    Object.fromEntries(opened.queryColumns.map((name) => [name, name === column ? text : ""])),
  );
  const depth = Math.min(DEPTH, opened.sets[0]!.pool.items.length);
  const expected = await opened.retriever.retrieve(rows, depth);
  let equal = 0;
  let largestMiss = 0;
  for (const [i, text] of texts.entries()) {
    const hits = await live.search(text, depth);
    const ids = Array.from(expected[i]!.ids).filter((id) => id >= 0);
    const empty = opened.prepare(text).trim() === "";
    if (empty || (hits.length === ids.length && hits.every(({ id }, rank) => id === ids[rank]))) equal++;
    if (i >= EXPLAINED || hits.length === 0) continue;
    const { tokens, score } = await live.explain(text, hits[0]!.id);
    const sum = tokens.reduce((all, { share }) => all + share, 0);
    largestMiss = Math.max(
      largestMiss,
      Math.abs(sum - score),
      Math.abs(score - hits[0]!.score) / Math.max(1, score),
    );
  }
  if (!(largestMiss <= TOLERANCE))
    throw new UserError(
      `${live.name}: shares of tokens must add up to the score to ${TOLERANCE}, got ${largestMiss}`,
    );
  return { equal, of: texts.length, largestMiss };
}
