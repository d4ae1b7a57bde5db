import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { valueAndGradients } from "../../engine/ops/gradients.js";
import { ownEntry } from "../../files/own-entry.js";

/** Parameters of an encoder that a loss does not move, by name, and those whose gradient is not finite. */
export interface GradientReach {
  /** no gradient at all, or zero in every component (for a table: in every row) */
  unreached: string[];
  notFinite: string[];
  /** number of parameters by name, tables counted as one */
  parameters: number;
}

/** Differentiates `loss` with respect to every parameter of the encoder; nothing is updated. */
export function gradientReach(encoder: Encoder, loss: () => tf.Scalar): GradientReach {
  const { value, gradients } = valueAndGradients(loss, encoder);
  value.dispose();
  const found: GradientReach = { unreached: [], notFinite: [], parameters: 0 };
  const note = (name: string, values: ArrayLike<number> | null) => {
    found.parameters++;
    if (values === null || !anyOf(values, (value) => value !== 0)) found.unreached.push(name);
    else if (anyOf(values, (value) => !Number.isFinite(value))) found.notFinite.push(name);
  };
  for (const name of Object.keys(encoder.weights)) note(name, ownEntry(gradients, name)?.dataSync() ?? null);
  for (const [name, table] of Object.entries(encoder.tables))
    note(`table ${name}`, table.drainGradients().values);
  tf.dispose(gradients);
  return found;
}

function anyOf(values: ArrayLike<number>, test: (value: number) => boolean): boolean {
  for (let i = 0; i < values.length; i++) if (test(values[i]!)) return true;
  return false;
}
