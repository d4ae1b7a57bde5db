import { comparisonKey } from "../../datasets/comparison-keys.js";
import type { Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { GrowingArray } from "./growing-array.js";
import { HashTable } from "./hash-table.js";
import type { PairChunk, PairSource } from "./sources/pair-source.js";
import type { TextObserver } from "./text-observer.js";

/** Characters of texts that are kept for examples and suspects; beyond, only hashes are. */
const KEPT_CHARACTERS = 150_000_000;

/** Texts of one side: each different key once. */
class TextColumn {
  readonly table = new HashTable();
  /** number of each text's {@link comparisonKey}; −1 = its text was not seen */
  readonly keyOf = new GrowingArray(Int32Array);
  readonly keys = new HashTable();
  /** bit p = occurs in part p; bit 31 = in the pool */
  readonly parts = new GrowingArray(Int32Array);
  private readonly kept: (string | undefined)[] = [];
  private readonly names: (string | undefined)[] = [];

  get size(): number {
    return this.table.size;
  }

  text(index: number): string | null {
    return this.kept[index] ?? null;
  }

  /** The document's id; of a query, its text. */
  id(index: number): string | null {
    return this.names[index] ?? this.kept[index] ?? null;
  }

  keep(index: number, text: string, name: string | null): void {
    this.kept[index] = flat(text);
    if (name !== null) this.names[index] = flat(name);
  }
}

/**
 * What the examinations share: every pair as numbers of query, document, part and grade, 13 bytes each, and what is known of
 * each different text. Held-out parts are read before the training part.
 */
export class PairCensus {
  readonly queries = new TextColumn();
  readonly documents = new TextColumn();
  /** part names; those of {@link PairSource.heldOut} first, training last */
  readonly parts: string[];
  readonly pairs = {
    query: new GrowingArray(Int32Array),
    document: new GrowingArray(Int32Array),
    part: new GrowingArray(Uint8Array),
    grade: new GrowingArray(Float32Array),
  };
  /** rows of pairs before the first training row */
  firstTraining = 0;
  /** queries of held-out parts: number of the query, part, id */
  readonly heldOut: { query: number; part: number; id: string }[] = [];
  /** documents whose id came with another text than before, with an example of both */
  readonly changedDocuments: { count: number; examples: string[] } = { count: 0, examples: [] };
  /** rows of relevant training pairs */
  trainingRows = 0;
  private characters = 0;
  private emptyDocument = -1;
  private idOfQuery: Map<number, string> | null = null;

  constructor(
    readonly minGrade: number,
    readonly hasGrades: boolean,
    heldOut: readonly string[],
    readonly hasPool: boolean,
  ) {
    if (heldOut.length > MOST_PARTS)
      throw new UserError(
        `data doctor: at most ${MOST_PARTS} evaluation sets can be examined, got ${heldOut.length}`,
      );
    this.parts = [...heldOut, "training"];
  }

  get training(): number {
    return this.parts.length - 1;
  }

  get rows(): number {
    return this.pairs.query.length;
  }

  isRelevant(row: number): boolean {
    return this.pairs.grade.at(row) >= this.minGrade;
  }

  /** Whether all texts are still known by themselves, not by their hashes alone. */
  get keepsTexts(): boolean {
    return this.characters < KEPT_CHARACTERS;
  }

  addDocument(
    id: string | null,
    text: string | null,
    part: number,
    observers: readonly TextObserver[],
  ): number {
    const { documents } = this;
    const before = documents.size;
    const index = documents.table.add(id ?? text ?? "");
    if (index === before) {
      documents.parts.push(0);
      documents.keyOf.push(-1);
    }
    if (part >= 0) documents.parts.set(index, documents.parts.at(index) | (1 << part));
    else documents.parts.set(index, documents.parts.at(index) | POOL);
    if (text === null) return index;
    const known = documents.keyOf.at(index);
    if (known !== -1) {
      if (id !== null && documents.text(index) !== null && documents.text(index) !== text) {
        this.changedDocuments.count++;
        if (this.changedDocuments.examples.length < 5)
          this.changedDocuments.examples.push(
            `${id}: ${documents.text(index)!.slice(0, 60)} / ${text.slice(0, 60)}`,
          );
      }
      return index;
    }
    const key = documents.keys.add(comparisonKey(text));
    if (text === "") this.emptyDocument = key;
    documents.keyOf.set(index, key);
    this.keep(documents, index, text, id);
    for (const observer of observers) observer.text?.(text, "document", index, part);
    return index;
  }

  addQuery(text: string, part: number, observers: readonly TextObserver[]): number {
    const { queries } = this;
    const before = queries.size;
    const index = queries.table.add(text);
    if (index === before) {
      queries.parts.push(0);
      queries.keyOf.push(queries.keys.add(comparisonKey(text)));
      this.keep(queries, index, text, null);
      queries.parts.set(index, 1 << part);
      for (const observer of observers) observer.text?.(text, "query", index, part);
    } else queries.parts.set(index, queries.parts.at(index) | (1 << part));
    return index;
  }

  addChunk(chunk: PairChunk, observers: readonly TextObserver[]): void {
    const part = chunk.part === null ? this.training : this.parts.indexOf(chunk.part);
    const { pairs } = this;
    for (let row = 0; row < chunk.queries.length; row++) {
      const grade = chunk.grades === null ? this.minGrade : chunk.grades[row]!;
      pairs.query.push(this.addQuery(chunk.queries[row]!, part, observers));
      pairs.document.push(
        this.addDocument(chunk.ids?.[row] ?? null, chunk.texts?.[row] ?? null, part, observers),
      );
      pairs.part.push(part);
      pairs.grade.push(grade);
    }
  }

  /**
   * What tells documents apart by content: the number of the normalised text; of a document without one, a number below −1
   * that is its own.
   */
  documentGroup(index: number): number {
    const key = this.documents.keyOf.at(index);
    return key === -1 || key === this.emptyDocument ? -2 - index : key;
  }

  /** The id of a held-out query; null where it has none. */
  queryId(query: number): string | null {
    this.idOfQuery ??= new Map(this.heldOut.map((held) => [held.query, held.id]));
    return this.idOfQuery.get(query) ?? null;
  }

  /** The number of a query's normalised text. */
  queryGroup(index: number): number {
    return this.queries.keyOf.at(index);
  }

  private keep(column: TextColumn, index: number, text: string, id: string | null): void {
    if (this.characters >= KEPT_CHARACTERS) return;
    this.characters += text.length + (id?.length ?? 0) + 16;
    column.keep(index, text, id);
  }
}

const MOST_PARTS = 28;

/** Bit of {@link TextColumn.parts} for documents of the pool. */
export const POOL = 1 << 30;

const latin = /^[\x00-\xff]*$/;

/** A copy of its own: a slice would keep the whole block alive that it was read with. */
function flat(text: string): string {
  if (text.length < 13) return text;
  const encoding = latin.test(text) ? "latin1" : "utf16le";
  return Buffer.from(text, encoding).toString(encoding);
}

/**
 * Reads a source once, from held-out parts to training.
 *
 * @param observers see every different text once
 */
export async function takeCensus(
  source: PairSource,
  observers: readonly TextObserver[],
  listener: Listener = {},
): Promise<PairCensus> {
  let census: PairCensus | null = null;
  const begun = (hasPool: boolean) => {
    census ??= new PairCensus(source.minGrade, source.hasGrades, source.heldOut, hasPool);
    return census;
  };
  for await (const { ids, texts } of source.documents()) {
    const at = begun(true);
    for (let i = 0; i < ids.length; i++) at.addDocument(ids[i]!, texts[i]!, -1, observers);
  }
  const made: PairCensus = begun(false);
  for await (const { part, id, text } of source.heldOutQueries()) {
    const number = made.parts.indexOf(part);
    made.heldOut.push({ query: made.addQuery(text, number, observers), part: number, id });
  }
  for await (const chunk of source.heldOutPairs()) made.addChunk(chunk, observers);
  made.firstTraining = made.rows;
  for await (const chunk of source.trainingPairs()) {
    made.addChunk(chunk, observers);
    const done = made.rows - made.firstTraining;
    listener.progress?.({
      task: "reading pairs",
      done,
      total: Math.max(done + 1, source.estimate ?? 0),
      unit: "rows",
    });
  }
  for (let row = made.firstTraining; row < made.rows; row++) if (made.isRelevant(row)) made.trainingRows++;
  return made;
}
