import type { Listener } from "../../engine/progress.js";
import type { PairCensus } from "./pair-census.js";
import type { PairSource } from "./sources/pair-source.js";
import type { TextObserver } from "./text-observer.js";

/** What one examination found in a data set, or that it found nothing. */
export interface DataFinding {
  /** name of the examination */
  check: string;
  /** by which --only takes this finding alone, where an examination has several to choose from; default: all of `check` */
  name?: string;
  /** what was counted, e.g. "test queries that are training queries too (exact)" */
  what: string;
  outcome: "ok" | "look" | "wrong";
  count: number;
  /** what `count` is out of; its unit is `unit` */
  of: number;
  /** "test queries" */
  unit: string;
  /** a few of them, one line each */
  examples: readonly string[];
  /** what it costs: a known consequence, or what was measured; null where nothing was found */
  cost: string | null;
  /** what mends it: in words, and as a command or lines of a configuration that can be taken as they are */
  mend: { says: string; command?: string; configuration?: string } | null;
  /** further figures that a sentence cannot hold, as a table */
  table?: { columns: readonly string[]; rows: readonly (readonly (string | number)[])[] };
  /** rows of the training part, counted from 0 in their order, that a mended copy leaves out */
  drop?: Int32Array;
  /** pairs that a mended copy of a data set folder has as further training rows: query's text, document's id */
  add?: readonly AddedPair[];
  /** texts are put right in a mended copy by {@link mendText} */
  rewrites?: boolean;
  /** query–document pairs to be judged, worst first: what `qdrl judge --queue` takes */
  queue?: readonly QueuedPair[];
  /** change of the measures when trained without it */
  measured?: MeasuredCost;
}

/** A pair that becomes a training row. */
export interface AddedPair {
  query: string;
  document: string;
}

/** A pair that somebody should judge. */
export interface QueuedPair {
  reason: "suspected false negative" | "suspected wrong positive" | "conflicting labels";
  query: string;
  query_id: string | null;
  /** id of the document */
  document: string;
  text: string;
  /** higher is more suspect; of one reason comparable */
  score: number;
  /** what the score is made of */
  model: number | null;
  neighbours: number | null;
  words: number | null;
  /** evaluation set or training part that the label is of */
  part: string;
}

/** A measure with the data as they are and without what was found, trained with the same seeds. */
export interface MeasuredCost {
  measure: string;
  set: string;
  seeds: number;
  before: number;
  after: number;
  /** after − before over queries, with its 95 % interval */
  difference: number;
  low: number;
  high: number;
}

export interface DoctorSettings {
  /** as it was typed, for commands */
  dataset: string;
  /** held-out parts: parts below this number */
  heldOut: number;
  /** Jaccard similarity of word sets from which on texts are near-duplicates */
  near: number;
  /** run whose model ranks suspects, null = BM25 */
  run: string | null;
  /** public test sets that the data may overlap with, as named by the user */
  against: readonly string[];
  /** scores from which on a labelled pair is suspected to be wrong, an unlabelled one to be missing, each in [0, 1] */
  wrong: number;
  missing: number;
  /** examples of a finding */
  examples: number;
  /** most pairs of each kind in a queue */
  suspects: number;
  listener: Listener;
}

/** Sees every different text once while the data are read, and says in the end what it found. */
export interface Observer extends TextObserver {
  finish(census: PairCensus): DataFinding[] | Promise<DataFinding[]>;
}

/** One examination: a file of examinations/, and a line of the registry. */
export interface DataExamination {
  name: string;
  /** what it looks for, one sentence */
  about: string;
  begin(settings: DoctorSettings, source: PairSource): Observer | Promise<Observer>;
}

/** The finding's count as a share, 0 of nothing. */
export function shareOf({ count, of }: Pick<DataFinding, "count" | "of">): number {
  return of === 0 ? 0 : count / of;
}

/** A text as examples show it: one line, at most `most` characters. */
export function shown(text: string, most = 80): string {
  // control characters and lone surrogates as escapes, so that they are seen and no terminal obeys them
  const line = text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const letters = Array.from(line);
  return `“${letters.length <= most ? line : `${letters.slice(0, most - 1).join("")}…`}”`;
}

/** The command that writes a copy without what an examination found. */
export function mendCommand({ dataset }: DoctorSettings, check: string): string {
  const quoted = /^[\w./-]+$/.test(dataset) ? dataset : `'${dataset.replaceAll("'", "'\\''")}'`;
  return `qdrl data doctor ${quoted} --only ${check} --mend OUT`;
}
