import * as tf from "@tensorflow/tfjs";
import type { StoredTensor } from "../files/safetensors.js";
import { UserError } from "../files/user-error.js";
import type { Encoder } from "./encoder.js";

/** Copies of an encoder's parameters: tables as "tables/<name>", dense weights as "weights/<name>". */
export function parametersOf(encoder: Encoder): Record<string, StoredTensor> {
  const parameters: Record<string, StoredTensor> = {};
  for (const [name, table] of Object.entries(encoder.tables))
    parameters[`tables/${name}`] = { shape: [table.rows, table.dim], data: table.weights };
  for (const [name, weight] of Object.entries(encoder.weights))
    parameters[`weights/${name}`] = { shape: weight.shape, data: weight.dataSync() as Float32Array };
  return parameters;
}

/**
 * Puts stored parameters into an encoder.
 *
 * @throws RangeError listing every name that is missing, unknown or of another shape; nothing is changed then
 */
export function setParameters(encoder: Encoder, parameters: Record<string, StoredTensor>): void {
  const expected = new Map<string, number[]>();
  for (const [name, table] of Object.entries(encoder.tables))
    expected.set(`tables/${name}`, [table.rows, table.dim]);
  for (const [name, weight] of Object.entries(encoder.weights)) expected.set(`weights/${name}`, weight.shape);
  const misfits: string[] = [];
  for (const [name, shape] of expected) {
    const stored = parameters[name];
    if (!stored) misfits.push(`${name} [${shape}] is missing`);
    else if (stored.shape.join() !== shape.join())
      misfits.push(`${name} must be [${shape}], got [${stored.shape}]`);
  }
  for (const name of Object.keys(parameters))
    if (!expected.has(name)) misfits.push(`${name} is not a parameter of ${encoder.kind}`);
  if (misfits.length > 0)
    throw new UserError(`setParameters: stored weights must fit the encoder; ${misfits.join("; ")}`);
  for (const [name, table] of Object.entries(encoder.tables))
    table.setWeights(parameters[`tables/${name}`]!.data);
  for (const [name, weight] of Object.entries(encoder.weights)) {
    const { data, shape } = parameters[`weights/${name}`]!;
    tf.tidy(() => weight.assign(tf.tensor(data, shape)));
  }
}
