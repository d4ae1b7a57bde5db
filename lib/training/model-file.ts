import { readTensorFile, type StoredTensor, writeTensorFile } from "./tensor-file.js";

/** How the rows of embedding tables are stored: as trained, or as int8 with one scale a row, a quarter of the size. */
export type RowStorage = "float32" | "int8";

const SCALES = "scales/";
const TABLES = "tables/";

/**
 * Writes a model's parameters. With int8 each row of a table becomes round(x / s), s = max |x| / 127, so that no value
 * moves by more than s/2; dense weights stay as they are. The scales stand beside a table as "scales/<its name>", [rows].
 *
 * @param parameters  by name; tables are "tables/<name>", [rows, dim]
 * @returns the parameters as {@link readModel} gives them back
 * @throws RangeError if a table holds a number that is not finite
 */
export function writeModel(
  file: string,
  parameters: Record<string, StoredTensor>,
  storage: RowStorage,
  metadata: Record<string, string>,
): Record<string, StoredTensor> {
  if (storage === "float32") {
    writeTensorFile(file, parameters, metadata);
    return parameters;
  }
  const stored: Parameters<typeof writeTensorFile>[1] = {};
  const read: Record<string, StoredTensor> = {};
  for (const [name, tensor] of Object.entries(parameters)) {
    if (!name.startsWith(TABLES)) {
      stored[name] = tensor;
      read[name] = tensor;
      continue;
    }
    const [rows, dim] = tensor.shape as [number, number];
    const { steps, scales } = int8Rows(name, tensor.data, rows, dim);
    stored[name] = { shape: tensor.shape, data: steps };
    stored[SCALES + name] = { shape: [rows], data: scales };
    read[name] = { shape: tensor.shape, data: floatRows(steps, scales, dim) };
  }
  writeTensorFile(file, stored, metadata);
  return read;
}

/** A model's parameters in float32, whichever way {@link writeModel} stored them. Throws as readTensorFile. */
export function readModel(file: string): Record<string, StoredTensor> {
  const { tensors } = readTensorFile(file);
  const parameters: Record<string, StoredTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(SCALES)) continue;
    const scales = tensors[SCALES + name];
    parameters[name] = scales
      ? {
          shape: tensor.shape,
          data: floatRows(tensor.data, scales.data as Float32Array, tensor.shape[1]!),
        }
      : tensor;
  }
  return parameters;
}

function int8Rows(
  name: string,
  values: ArrayLike<number>,
  rows: number,
  dim: number,
): { steps: Int8Array; scales: Float32Array } {
  const steps = new Int8Array(rows * dim);
  const scales = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let largest = 0;
    for (let i = r * dim; i < (r + 1) * dim; i++) {
      const size = Math.abs(values[i]!);
      if (!Number.isFinite(size))
        throw new RangeError(`writeModel: ${name} must hold finite numbers, got ${values[i]} in row ${r}`);
      if (size > largest) largest = size;
    }
    if (largest === 0) continue;
    scales[r] = largest / 127;
    for (let i = r * dim; i < (r + 1) * dim; i++) steps[i] = Math.round((values[i]! * 127) / largest);
  }
  return { steps, scales };
}

function floatRows(steps: ArrayLike<number>, scales: Float32Array, dim: number): Float32Array {
  const values = new Float32Array(steps.length);
  for (let i = 0; i < values.length; i++) values[i] = steps[i]! * scales[Math.floor(i / dim)]!;
  return values;
}
