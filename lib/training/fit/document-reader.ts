import type { Listener } from "../../engine/progress.js";
import { type EncoderFeatures, encoderFeatures } from "../../experiment/encoder-features.js";
import type { PairSet } from "../../experiment/pairs.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import type { FeatureBatch } from "../../features/batch.js";
import { sourceColumns } from "../../features/feature-pipeline.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import type { Side } from "../objectives/batch-task.js";
import type { FitData } from "./fit-data.js";
import { type ArrangedDocuments, arrangeDocuments, type FitDocument } from "./fit-documents.js";

/** Turns documents into what an encoder reads. */
export type DocumentReader = (documents: readonly FitDocument[], side: Side) => Promise<FeatureBatch>;

/**
 * Reads documents as a configuration's encoder does: its text features take the text, its picture features the picture, and
 * any other the tag of its name.
 *
 * @throws UserError naming the first document that has neither text nor picture where one is read; DataError for a picture
 *   that does not exist or cannot be decoded
 */
export async function configReader(
  config: ExperimentConfig,
  listener: Listener = {},
): Promise<DocumentReader> {
  const features: EncoderFeatures = await encoderFeatures(config);
  const { query_features, document_features } = config.dataset;
  const declared = { query: query_features, document: document_features };
  const pipelines = { query: features.queryFeatures, document: features.documentFeatures };
  return async (documents, side) => {
    const columns = declared[side].map((feature) => ({
      type: feature.type,
      names: sourceColumns({ from: undefined, ...feature }),
    }));
    const rows = documents.map((document, i) => {
      const row = Object.fromEntries(
        columns.flatMap(({ type, names }) => names.map((name) => [name, cellOf(document, name, type)])),
      );
      const read = columns.filter(({ type }) => type === "text" || type === "image");
      if (read.length > 0 && read.every(({ names }) => names.every((name) => row[name] === "")))
        throw new UserError(
          `fit: document ${i} must have ${read.map(({ type }) => (type === "image" ? "a picture" : "a text")).join(" or ")} for the ${side} side, got ${document.text === undefined && pictureOf(document) === "" ? "neither" : "none"}`,
        );
      return row;
    });
    await features.readers[side].prepare(rows, listener);
    return pipelines[side].encode(rows);
  };
}

function cellOf(document: FitDocument, name: string, type: string): string {
  if (type === "text") return document.text ?? "";
  if (type === "image" || type === "onnx_image") return pictureOf(document);
  const tag = ownEntry(document.tags, name);
  return tag === undefined || tag === null ? "" : String(tag);
}

/** The cell that a document's picture is read from, "" where it has none. */
export function pictureOf({ uri, blob }: FitDocument): string {
  if (uri !== undefined) return uri;
  return blob === undefined ? "" : `data:image/any;base64,${Buffer.from(blob).toString("base64")}`;
}

/**
 * Documents as training data.
 *
 * @param side     tower of items that are compared with each other
 * @param classes  see {@link arrangeDocuments}
 */
export async function readDocuments(
  documents: readonly FitDocument[],
  read: DocumentReader,
  options: { side?: Side; classes?: Map<string | number, number> } = {},
): Promise<FitData> {
  const arranged: ArrangedDocuments = arrangeDocuments(documents, options.classes);
  switch (arranged.kind) {
    case "pairs":
      return { kind: "pairs", pairs: await distinctPairs(arranged, read) };
    case "scored":
      return {
        ...arranged,
        left: await read(arranged.left, "query"),
        right: await read(arranged.right, "document"),
      };
    case "margins":
      return {
        ...arranged,
        queries: await read(arranged.queries, "query"),
        positives: await read(arranged.positives, "document"),
        negatives: await read(arranged.negatives, "document"),
      };
    default:
      return { ...arranged, items: await read(arranged.items, options.side ?? "document") };
  }
}

/** Pairs of documents, equal ones read once. */
async function distinctPairs(
  { queries, documents }: Extract<ArrangedDocuments, { kind: "pairs" }>,
  read: DocumentReader,
): Promise<PairSet> {
  const [query, document] = [distinct(queries), distinct(documents)];
  return {
    queries: await read(query.items, "query"),
    documents: await read(document.items, "document"),
    queryOf: query.rowOf,
    documentOf: document.rowOf,
  };
}

function distinct(documents: readonly FitDocument[]): { items: FitDocument[]; rowOf: Int32Array } {
  const rows = new Map<string, number>();
  const items: FitDocument[] = [];
  const rowOf = Int32Array.from(documents, (document) => {
    const key = JSON.stringify([document.text, pictureOf(document), document.tags]);
    let row = rows.get(key);
    if (row === undefined) {
      row = items.push(document) - 1;
      rows.set(key, row);
    }
    return row;
  });
  return { items, rowOf };
}
