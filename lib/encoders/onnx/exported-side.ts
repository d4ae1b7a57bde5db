/** What a graph's input is filled with. */
export interface OnnxInput {
  name: "ids" | "category" | "input_ids" | "attention_mask" | "token_type_ids";
  /** feature of the batch it is read from */
  feature: string;
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
