import { buildPairs, type PairSet } from "../../experiment/pairs.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { FeaturePipeline } from "../../features/feature-pipeline.js";
import { UserError } from "../../files/user-error.js";

/** Training or evaluation data of {@link fit}, distinguished by `kind`. */
export type FitData =
  /** queries with their documents: as {@link datasetData} reads them from a data set */
  | { kind: "pairs"; pairs: PairSet }
  /** items with a class each */
  | { kind: "class"; items: FeatureBatch; labels: Int32Array }
  /** roots (type 0) with their positive (1) and negative (−1) matches */
  | { kind: "session"; items: FeatureBatch; labels: Int32Array; types: Int32Array }
  /** items without labels: two or more views of an item belong together, which differ by the encoder's dropout */
  | { kind: "instance"; items: FeatureBatch }
  /** pairs with a similarity */
  | { kind: "scored"; left: FeatureBatch; right: FeatureBatch; scores: Float32Array }
  /** queries with two documents each, and by how much a teacher scores the first one higher */
  | {
      kind: "margins";
      queries: FeatureBatch;
      positives: FeatureBatch;
      negatives: FeatureBatch;
      margins: Float32Array;
    };

export type FitDataKind = FitData["kind"];

/** A document of the fine-tuner's data model, with one text. */
export interface FitDocument {
  id?: string;
  text?: string;
  tags?: { finetuner_label?: string | number; finetuner_score?: number };
  matches?: readonly FitDocument[];
  /** exactly two make a pair */
  chunks?: readonly FitDocument[];
}

/** What a list of documents is, by its first one. Files of texts are read by csvDocuments (csv-documents.ts). */
export function documentKind(documents: readonly FitDocument[]): FitDataKind {
  const first = documents[0];
  if (!first) throw new UserError("documentKind: there must be a document, got none");
  if (first.chunks) return first.tags?.finetuner_score === undefined ? "pairs" : "scored";
  if (first.tags?.finetuner_label !== undefined) return "class";
  return first.matches ? "session" : "instance";
}

/**
 * Documents as training data. `feature` of the pipelines is filled with the text; both sides read the same feature name
 * where the encoder shares its tower.
 *
 * @throws RangeError naming the first document that lacks what its kind needs
 */
export function documentData(
  documents: readonly FitDocument[],
  features: { pipeline: FeaturePipeline; feature: string },
): FitData {
  const kind = documentKind(documents);
  const encode = (texts: readonly string[]) =>
    features.pipeline.encode(texts.map((text) => ({ [features.feature]: text })));
  if (kind === "class") {
    const classes = new Map<string | number, number>();
    const labels = documents.map((document, i) => {
      const label = document.tags?.finetuner_label;
      if (label === undefined)
        throw new UserError(`documentData: document ${i} must have tags.finetuner_label, got none`);
      if (!classes.has(label)) classes.set(label, classes.size);
      return classes.get(label)!;
    });
    return { kind, items: encode(documents.map(textOf)), labels: Int32Array.from(labels) };
  }
  if (kind === "session") {
    const rows = documents.flatMap((root, session) => [
      { text: textOf(root, session), session, type: 0 },
      ...(root.matches ?? []).map((match) => ({
        text: textOf(match, session),
        session,
        type: typeOf(match, session),
      })),
    ]);
    return {
      kind,
      items: encode(rows.map(({ text }) => text)),
      labels: Int32Array.from(rows, ({ session }) => session),
      types: Int32Array.from(rows, ({ type }) => type),
    };
  }
  if (kind === "instance") return { kind, items: encode(documents.map(textOf)) };
  const sides = documents.map((document, i) => {
    const [left, right, ...more] = document.chunks ?? [];
    if (!left || !right || more.length > 0)
      throw new UserError(
        `documentData: document ${i} must have two chunks, got ${document.chunks?.length ?? 0}`,
      );
    return [textOf(left, i), textOf(right, i)] as const;
  });
  const [left, right] = [sides.map(([text]) => text), sides.map(([, text]) => text)];
  if (kind === "scored")
    return {
      kind,
      left: encode(left),
      right: encode(right),
      scores: Float32Array.from(documents, (document, i) => scoreOf(document, i)),
    };
  return pairData(left, right, features);
}

/** Aligned texts as pairs. */
export function pairData(
  queries: readonly string[],
  documents: readonly string[],
  { pipeline, feature }: { pipeline: FeaturePipeline; feature: string },
): FitData {
  if (queries.length !== documents.length)
    throw new UserError(
      `pairData: queries and documents must be as many, got ${queries.length} and ${documents.length}`,
    );
  // both sides declare the same feature, so each is made on its own
  const side = (texts: readonly string[]) =>
    buildPairs(
      { [feature]: texts },
      { query: [feature], document: [feature] },
      { query: pipeline, document: pipeline },
    );
  const [query, document] = [side(queries), side(documents)];
  return {
    kind: "pairs",
    pairs: {
      queries: query.queries,
      documents: document.documents,
      queryOf: query.queryOf,
      documentOf: document.documentOf,
      ...(query.queryRows && { queryRows: query.queryRows }),
    },
  };
}

function textOf(document: FitDocument, index: number): string {
  if (typeof document.text !== "string")
    throw new UserError(`documentData: document ${index} must have a text, got ${document.text}`);
  return document.text;
}

function typeOf(match: FitDocument, session: number): number {
  const label = match.tags?.finetuner_label;
  if (label !== 1 && label !== -1)
    throw new UserError(
      `documentData: matches of document ${session} must have finetuner_label 1 or -1, got ${label}`,
    );
  return label;
}

function scoreOf(document: FitDocument, index: number): number {
  const score = document.tags?.finetuner_score;
  if (typeof score !== "number" || !(score >= 0 && score <= 1))
    throw new UserError(
      `documentData: document ${index} must have a finetuner_score in [0, 1], got ${score}`,
    );
  return score;
}
