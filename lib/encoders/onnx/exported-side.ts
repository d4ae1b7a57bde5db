/** What of a feature's column fills a graph's input. */
export type InputPart =
  /** ids of a text's bag, int64 [batch, length], 0 = padding */
  | "ids"
  /** one id a row, int64 [batch] */
  | "category"
  /** ids of one or more categories a row, int64 [batch, length]; "counted" tells which of them count */
  | "categories"
  /** float [batch, length], 1 for categories that count, 0 for padding and rows without any */
  | "counted"
  /** float [batch, dim] */
  | "values"
  /** normalised pixels, float [batch, size, size, 3] */
  | "pixels"
  /** float [batch, regions, dim] */
  | "features"
  /** float [batch, regions, 5] */
  | "boxes"
  /** float [batch, regions], 1 for regions, 0 for padding */
  | "visible"
  /** float [batch, 1], 1 for rows without the feature */
  | "missing"
  /** word-pieces, int64 [batch, length] */
  | "input_ids"
  | "attention_mask"
  | "token_type_ids";

/** What a graph's input is filled with. */
export interface OnnxInput {
  /** in the file */
  name: string;
  /** column of the batch it is read from */
  feature: string;
  part: InputPart;
}

/** One side of an encoder as an ONNX file. */
export interface ExportedSide {
  bytes: Uint8Array;
  inputs: OnnxInput[];
  outputDim: number;
  /** id that word-pieces are padded with */
  padId: number;
}

/** Name of every graph's only output, float [batch, outputDim]. */
export const embeddingOutput = "embedding";
