import * as ort from "onnxruntime-node";
import type { FeatureBatch } from "../../features/batch.js";
import { padColumn } from "../../features/token-column.js";
import { columnOf } from "../encoder.js";
import { normalisedPixels } from "../image/picture-tensor.js";
import { missingOf } from "../modalities/modality.js";
import type { OnnxInput } from "./exported-side.js";

/** The tensor that fills one input of a graph for a batch; see InputPart. */
export function feedOf({ feature, part }: OnnxInput, batch: FeatureBatch, padId: number): ort.Tensor {
  const { size } = batch;
  switch (part) {
    case "ids": {
      const { ids, length } = columnOf(batch, feature, "text");
      return integers(ids, [size, length]);
    }
    case "category":
      return integers(columnOf(batch, feature, "categorical").ids, [size]);
    case "categories": {
      const { ids, length } = categories(batch, feature);
      return integers(ids, [size, length]);
    }
    case "counted": {
      const { counted, length } = categories(batch, feature);
      return floats(counted, [size, length]);
    }
    case "values": {
      const { values, dim } = columnOf(batch, feature, "vector");
      return floats(values, [size, dim]);
    }
    case "pixels": {
      const image = columnOf(batch, feature, "image");
      return floats(normalisedPixels(image), [size, image.size, image.size, 3]);
    }
    case "features":
    case "boxes": {
      const column = columnOf(batch, feature, "regions");
      return floats(column[part], [size, column.maxRegions, part === "boxes" ? 5 : column.dim]);
    }
    case "visible": {
      const { counts, maxRegions } = columnOf(batch, feature, "regions");
      const visible = new Float32Array(size * maxRegions);
      for (let row = 0; row < size; row++)
        visible.fill(1, row * maxRegions, row * maxRegions + Math.min(maxRegions, counts[row]!));
      return floats(visible, [size, maxRegions]);
    }
    case "missing":
      return floats(Float32Array.from(missingOf(batch.columns[feature]!, size) ?? new Uint8Array(size)), [
        size,
        1,
      ]);
    default: {
      const tokens = padColumn(columnOf(batch, feature, "tokens"), padId);
      const parts = { input_ids: tokens.ids, attention_mask: tokens.mask, token_type_ids: tokens.typeIds };
      return integers(parts[part], [tokens.size, tokens.length]);
    }
  }
}

/** Lists of categories, or single ones as lists of one; a single one with id 0 counts, in lists 0 is padding. */
function categories(
  batch: FeatureBatch,
  feature: string,
): { ids: Int32Array; length: number; counted: Float32Array } {
  const column = batch.columns[feature];
  if (column?.kind === "categories")
    return { ...column, counted: Float32Array.from(column.ids, (id) => (id === 0 ? 0 : 1)) };
  const { ids, missing } = columnOf(batch, feature, "categorical");
  return { ids, length: 1, counted: Float32Array.from(ids, (_, row) => (missing?.[row] === 1 ? 0 : 1)) };
}

function floats(values: Float32Array, shape: number[]): ort.Tensor {
  return new ort.Tensor("float32", values, shape);
}

function integers(values: ArrayLike<number>, shape: number[]): ort.Tensor {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  return new ort.Tensor("int64", data, shape);
}
