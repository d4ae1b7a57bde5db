import fs from "node:fs";
import path from "node:path";
import type { ExportedSide } from "../encoders/onnx/exported-side.js";
import { OnnxEncoder } from "../encoders/onnx/onnx-encoder.js";
import { FeaturePipeline } from "../features/feature-pipeline.js";
import { UserError } from "../files/user-error.js";
import { importVectorizer } from "./exported-vectorizer.js";

/** The encoder of queries as `qdrl model export` and `qdrl index push` write it, without run and data set. */
export interface QueryEncoder {
  dim: number;
  /** A vector of length 1 for each text (zeros for what has no length): products of them are cosines. */
  encode(texts: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/**
 * Opens `query.onnx` with its dictionary in ONNX Runtime.
 *
 * @throws UserError if the folder holds no export, or queries are read from more than a text
 */
export async function openQueryEncoder(dir: string): Promise<QueryEncoder> {
  const reading = importVectorizer(dir);
  const { query } = JSON.parse(fs.readFileSync(path.join(dir, "onnx.json"), "utf8")) as {
    query: Omit<ExportedSide, "bytes">;
  };
  const columns = [...new Set(query.inputs.map(({ feature }) => feature))];
  const others = query.inputs.filter(
    ({ part }) => !/^(ids|input_ids|attention_mask|token_type_ids)$/.test(part),
  );
  if (columns.length !== 1 || others.length > 0)
    throw new UserError(
      `${dir}: queries must be one text, got ${query.inputs.map(({ part }) => part).join(", ")}`,
    );
  const [column] = columns as [string];
  const pipeline = new FeaturePipeline({ features: [{ name: column, type: "text" }], ...reading });
  const session = await OnnxEncoder.open({ ...query, bytes: fs.readFileSync(path.join(dir, "query.onnx")) });
  const dim = session.outputDim;
  return {
    dim,
    encode: async (texts) => {
      const vectors = await session.encodeAll(pipeline.encode(texts.map((text) => ({ [column]: text }))));
      return texts.map((_, row) => unit(vectors.slice(row * dim, (row + 1) * dim)));
    },
    close: () => session.dispose(),
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
