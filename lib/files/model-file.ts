import { emptyRecord, ownEntry } from "./own-entry.js";
import {
  floatRows,
  packRows,
  ROW_STORAGES,
  type RoundedStorage,
  type RowStorage,
  roundRow,
  unpackRows,
} from "./rounded-rows.js";
import { readTensorFile, type StoredTensor, type WritableTensor, writeTensorFile } from "./safetensors.js";
import { UserError } from "./user-error.js";

const SCALES = "scales/";
const TABLES = "tables/";
const PACKED = "packed/";

/**
 * Writes a model's parameters. Rows of tables are rounded as roundRow says; dense weights and tables of one column, where
 * a scale would be larger, stay as they are. The scales stand beside a table as "scales/<its name>", [rows]. Int8
 * steps are a tensor of that type; fewer bits are packed bytes [rows, ⌈dim · bits / 8⌉], and the header's
 * metadata says under "packed/<table>" what they hold, such as "int5 64" for rows of 64 values.
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
  const packings = emptyRecord<string>();
  for (const [name, tensor] of Object.entries(parameters)) {
    if (storage === "float32" || !name.startsWith(TABLES) || tensor.shape[1] === 1) {
      stored[name] = tensor;
      continue;
    }
    const [rows, dim] = tensor.shape as [number, number];
    const pieces = "data" in tensor ? [tensor.data] : tensor.pieces();
    const { steps, scales } = roundPieces(storage, name, rows, dim, pieces);
    if (storage === "int8") stored[name] = { shape: tensor.shape, data: steps };
    else {
      const data = packRows(storage, steps, dim);
      stored[name] = { shape: [rows, data.length / rows], data };
      packings[PACKED + name] = `${storage} ${dim}`;
    }
    stored[SCALES + name] = { shape: [rows], data: scales };
  }
  writeTensorFile(file, stored, { ...metadata, ...packings });
}

/**
 * A model's parameters in float32, whichever way {@link writeModel} stored them. Throws as readTensorFile, and a UserError
 * for a packing that is none.
 */
export function readModel(file: string): Record<string, StoredTensor> {
  const { tensors, metadata } = readTensorFile(file);
  const parameters: Record<string, StoredTensor> = emptyRecord();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(SCALES)) continue;
    const scales = ownEntry(tensors, SCALES + name)?.data as Float32Array | undefined;
    if (scales === undefined) {
      parameters[name] = tensor;
      continue;
    }
    const packing = ownEntry(metadata, PACKED + name);
    const { steps, dim } =
      packing === undefined
        ? { steps: tensor.data, dim: tensor.shape[1]! }
        : unpacked(file, name, packing, tensor);
    parameters[name] = { shape: [scales.length, dim], data: floatRows(steps, scales, dim) };
  }
  return parameters;
}

function unpacked(
  file: string,
  name: string,
  packing: string,
  tensor: StoredTensor,
): { steps: Int8Array; dim: number } {
  const [kind, size] = packing.split(" ");
  const storage = ROW_STORAGES.find((known) => known === kind && known !== "float32");
  const dim = Number(size);
  if (storage === undefined || !Number.isInteger(dim) || dim < 1)
    throw new UserError(
      `${file}: ${name} must be packed as one of ${ROW_STORAGES.slice(1).join(", ")} with its row's length, got "${packing}"`,
    );
  return { steps: unpackRows(storage as RoundedStorage, tensor.data, dim), dim };
}

/** @param pieces of whole rows, in order */
function roundPieces(
  storage: RoundedStorage,
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
      for (let i = from; i < from + dim; i++)
        if (!Number.isFinite(values[i]!))
          throw new UserError(`writeModel: ${name} must hold finite numbers, got ${values[i]} in row ${row}`);
      scales[row] = roundRow(storage, values, from, dim, steps, row * dim);
    }
  return { steps, scales };
}

/** A table's rows as they are stored: whole steps with a scale a row. null: they are float32. Throws as {@link readModel}. */
export function readRoundedTable(
  file: string,
  table: string,
): { storage: RoundedStorage; steps: Int8Array; scales: Float32Array } | null {
  const { tensors, metadata } = readTensorFile(file);
  const name = TABLES + table;
  const tensor = ownEntry(tensors, name);
  const scales = ownEntry(tensors, SCALES + name)?.data as Float32Array | undefined;
  if (tensor === undefined || scales === undefined) return null;
  const packing = ownEntry(metadata, PACKED + name);
  if (packing === undefined) return { storage: "int8", steps: Int8Array.from(tensor.data), scales };
  const { steps } = unpacked(file, name, packing, tensor);
  return { storage: packing.split(" ")[0] as RoundedStorage, steps, scales };
}
