import { emptyRecord, ownEntry } from "./own-entry.js";
import { readTensorFile, type StoredTensor, type WritableTensor, writeTensorFile } from "./safetensors.js";
import { UserError } from "./user-error.js";

/** How the rows of embedding tables are stored: as trained, or as int8 with one scale a row, a quarter of the size. */
export type RowStorage = "float32" | "int8";

const SCALES = "scales/";
const TABLES = "tables/";

/**
 * Writes a model's parameters. With int8 each row of a table becomes round(x / s), s = max |x| / 127, so that no value
 * moves by more than s/2; dense weights and tables of one column, where a scale would be larger, stay as they are. The
 * scales stand beside a table as "scales/<its name>", [rows].
 *
 * @param parameters  by name; tables are "tables/<name>", [rows, dim]
 * @throws RangeError if a table to be rounded holds a number that is not finite
 */
export function writeModel(
  file: string,
  parameters: Record<string, WritableTensor>,
  storage: RowStorage,
  metadata: Record<string, string>,
): void {
  const stored: Record<string, WritableTensor> = emptyRecord();
  for (const [name, tensor] of Object.entries(parameters)) {
    if (storage === "float32" || !name.startsWith(TABLES) || tensor.shape[1] === 1) {
      stored[name] = tensor;
      continue;
    }
    const [rows, dim] = tensor.shape as [number, number];
    const { steps, scales } = int8Rows(name, rows, dim, "data" in tensor ? [tensor.data] : tensor.pieces());
    stored[name] = { shape: tensor.shape, data: steps };
    stored[SCALES + name] = { shape: [rows], data: scales };
  }
  writeTensorFile(file, stored, metadata);
}

/** A model's parameters in float32, whichever way {@link writeModel} stored them. Throws as readTensorFile. */
export function readModel(file: string): Record<string, StoredTensor> {
  const { tensors } = readTensorFile(file);
  const parameters: Record<string, StoredTensor> = emptyRecord();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(SCALES)) continue;
    const scales = ownEntry(tensors, SCALES + name);
    parameters[name] = scales
      ? {
          shape: tensor.shape,
          data: floatRows(tensor.data, scales.data as Float32Array, tensor.shape[1]!),
        }
      : tensor;
  }
  return parameters;
}

/** @param pieces of whole rows, in order */
function int8Rows(
  name: string,
  rows: number,
  dim: number,
  pieces: Iterable<ArrayLike<number>>,
): { steps: Int8Array; scales: Float32Array } {
  const steps = new Int8Array(rows * dim);
  const scales = new Float32Array(rows);
  let row = 0;
  for (const values of pieces)
    for (let from = 0; from < values.length; from += dim, row++) {
      let largest = 0;
      for (let i = from; i < from + dim; i++) {
        const size = Math.abs(values[i]!);
        if (!Number.isFinite(size))
          throw new UserError(`writeModel: ${name} must hold finite numbers, got ${values[i]} in row ${row}`);
        if (size > largest) largest = size;
      }
      if (largest === 0) continue;
      scales[row] = largest / 127;
      for (let i = 0; i < dim; i++) steps[row * dim + i] = Math.round((values[from + i]! * 127) / largest);
    }
  return { steps, scales };
}

function floatRows(steps: ArrayLike<number>, scales: Float32Array, dim: number): Float32Array {
  const values = new Float32Array(steps.length);
  for (let i = 0; i < values.length; i++) values[i] = steps[i]! * scales[Math.floor(i / dim)]!;
  return values;
}
