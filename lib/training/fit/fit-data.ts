import type { PairStream } from "../../experiment/pair-stream.js";
import { buildPairs, type PairSet } from "../../experiment/pairs.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { FeaturePipeline } from "../../features/feature-pipeline.js";
import { UserError } from "../../files/user-error.js";
import type { WordCuts } from "../../tokenizer/text-vectorizer.js";
import { arrangeDocuments, type FitDocument } from "./fit-documents.js";

/** Training or evaluation data of {@link fit}, distinguished by `kind`. */
export type FitData =
  /** queries with their documents: as {@link datasetData} reads them from a data set */
  | { kind: "pairs"; pairs: PairSet; stream?: StreamedPairs }
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

/** Pairs that reader threads read anew in every epoch; the pair set beside them is empty. */
export interface StreamedPairs {
  pairs: PairStream;
  /** ids per text, and their word boundaries if the vectoriser has them */
  textLength: number;
  words: WordCuts | null;
}

export type FitDataKind = FitData["kind"];

/**
 * Documents with a text as training data, by a pipeline of one's own. `feature` of the pipeline is filled with the text; both
 * sides read the same feature name where the encoder shares its tower.
 *
 * @throws UserError naming the first document that lacks what its kind needs
 */
export function documentData(
  documents: readonly FitDocument[],
  features: { pipeline: FeaturePipeline; feature: string },
): FitData {
  const arranged = arrangeDocuments(documents);
  const encode = (items: readonly FitDocument[]) =>
    features.pipeline.encode(items.map((item, i) => ({ [features.feature]: textOf(item, i) })));
  switch (arranged.kind) {
    case "pairs":
      return pairData(arranged.queries.map(textOf), arranged.documents.map(textOf), features);
    case "scored":
      return { ...arranged, left: encode(arranged.left), right: encode(arranged.right) };
    case "margins":
      return {
        ...arranged,
        queries: encode(arranged.queries),
        positives: encode(arranged.positives),
        negatives: encode(arranged.negatives),
      };
    default:
      return { ...arranged, items: encode(arranged.items) };
  }
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
