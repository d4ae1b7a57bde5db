import { UserError } from "../../files/user-error.js";

/** A document of the fine-tuner's data model: a text, a picture, or both. */
export interface FitDocument {
  id?: string;
  text?: string;
  /** path of a picture, or a `data:image/…;base64,…` address */
  uri?: string;
  /** bytes of a picture file */
  blob?: Uint8Array;
  /** of a chunk; default: "text" if it has one, else "image" */
  modality?: "text" | "image";
  /** `finetuner_label`, `finetuner_score`, `finetuner_margin`, and categories by name */
  tags?: {
    finetuner_label?: string | number;
    finetuner_score?: number;
    finetuner_margin?: number;
    [name: string]: unknown;
  };
  matches?: readonly FitDocument[];
  /** exactly two make a pair; with a margin three: query, better document, worse document */
  chunks?: readonly FitDocument[];
}

/** Documents in the order in which they are embedded, with what they are compared by. */
export type ArrangedDocuments =
  | { kind: "class"; items: readonly FitDocument[]; labels: Int32Array }
  | { kind: "session"; items: readonly FitDocument[]; labels: Int32Array; types: Int32Array }
  | { kind: "instance"; items: readonly FitDocument[] }
  | { kind: "pairs"; queries: readonly FitDocument[]; documents: readonly FitDocument[] }
  | { kind: "scored"; left: readonly FitDocument[]; right: readonly FitDocument[]; scores: Float32Array }
  | {
      kind: "margins";
      queries: readonly FitDocument[];
      positives: readonly FitDocument[];
      negatives: readonly FitDocument[];
      margins: Float32Array;
    };

/** What a list of documents is, by its first one. */
export function documentKind(documents: readonly FitDocument[]): ArrangedDocuments["kind"] {
  const first = documents[0];
  if (!first) throw new UserError("documentKind: there must be a document, got none");
  if (first.tags?.finetuner_margin !== undefined) return "margins";
  if (first.chunks) return first.tags?.finetuner_score === undefined ? "pairs" : "scored";
  if (first.tags?.finetuner_label !== undefined) return "class";
  return first.matches ? "session" : "instance";
}

/**
 * Documents by kind. In a pair of a text and a picture the text is the query, whatever their order.
 *
 * @param classes number of each class, added to as new ones are met, so that training and held-out data share them
 * @throws UserError naming the first document that lacks what its kind needs
 */
export function arrangeDocuments(
  documents: readonly FitDocument[],
  classes: Map<string | number, number> = new Map(),
): ArrangedDocuments {
  const kind = documentKind(documents);
  if (kind === "class") {
    const labels = documents.map((document, i) => {
      const label = document.tags?.finetuner_label;
      if (label === undefined)
        throw new UserError(`documentData: document ${i} must have tags.finetuner_label, got none`);
      if (!classes.has(label)) classes.set(label, classes.size);
      return classes.get(label)!;
    });
    return { kind, items: documents, labels: Int32Array.from(labels) };
  }
  if (kind === "session") {
    const rows = documents.flatMap((root, session) => [
      { document: root, session, type: 0 },
      ...(root.matches ?? []).map((match) => ({ document: match, session, type: typeOf(match, session) })),
    ]);
    return {
      kind,
      items: rows.map(({ document }) => document),
      labels: Int32Array.from(rows, ({ session }) => session),
      types: Int32Array.from(rows, ({ type }) => type),
    };
  }
  if (kind === "instance") return { kind, items: documents };
  if (kind === "margins") {
    const chunk = (at: number) =>
      documents.map(({ chunks = [] }, i) => {
        if (chunks.length !== 3)
          throw new UserError(`documentData: document ${i} must have three chunks, got ${chunks.length}`);
        return chunks[at]!;
      });
    const [queries, positives, negatives] = [chunk(0), chunk(1), chunk(2)];
    return { kind, queries, positives, negatives, margins: Float32Array.from(documents, marginOf) };
  }
  const sides = documents.map((document, i) => {
    const [left, right, ...more] = document.chunks ?? [];
    if (!left || !right || more.length > 0)
      throw new UserError(
        `documentData: document ${i} must have two chunks, got ${document.chunks?.length ?? 0}`,
      );
    return modalityOf(left) === "image" && modalityOf(right) === "text" ? [right, left] : [left, right];
  });
  const left = sides.map(([one]) => one!);
  const right = sides.map(([, other]) => other!);
  if (kind === "pairs") return { kind, queries: left, documents: right };
  return { kind, left, right, scores: Float32Array.from(documents, scoreOf) };
}

/** What a document holds: its modality if it says so, else text where there is one. */
export function modalityOf({ modality, text }: FitDocument): "text" | "image" {
  return modality ?? (text === undefined ? "image" : "text");
}

function typeOf(match: FitDocument, session: number): number {
  const label = match.tags?.finetuner_label;
  if (label !== 1 && label !== -1)
    throw new UserError(
      `documentData: matches of document ${session} must have finetuner_label 1 or -1, got ${label}`,
    );
  return label;
}

function marginOf(document: FitDocument, index: number): number {
  const margin = document.tags?.finetuner_margin;
  if (typeof margin !== "number" || !Number.isFinite(margin))
    throw new UserError(`documentData: document ${index} must have a finite finetuner_margin, got ${margin}`);
  return margin;
}

function scoreOf(document: FitDocument, index: number): number {
  const score = document.tags?.finetuner_score;
  if (typeof score !== "number" || !(score >= 0 && score <= 1))
    throw new UserError(
      `documentData: document ${index} must have a finetuner_score in [0, 1], got ${score}`,
    );
  return score;
}
