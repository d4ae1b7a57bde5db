import * as tf from "@tensorflow/tfjs";
import type { EmbeddingTable } from "../tables/embedding-table.js";

/** What is trained: dense weights on the tape, tables outside it. Every Encoder is one. */
export interface Parameters {
  weights: Record<string, tf.Variable>;
  tables: Record<string, EmbeddingTable>;
}

/**
 * Value of a scalar function and its gradients: those of dense weights come back by name (a weight that the
 * function does not use is left out), those of tables are recorded in the tables, ready for an optimiser.
 * The caller disposes of `value` and of the gradients.
 *
 * @param compute builds the loss from `parameters`' weights and tables with tfjs ops
 */
export function valueAndGradients(
  compute: () => tf.Scalar,
  parameters: Parameters,
): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
  for (const table of Object.values(parameters.tables)) table.clearGradients();
  return addGradients(compute, parameters);
}

/** What tf.variableGrads does. */
type VariableGrads = (
  compute: () => tf.Scalar,
  variables: tf.Variable[],
) => ReturnType<typeof tf.variableGrads>;

/** {@link valueAndGradients} that adds to the gradients that the tables have recorded already. */
export function addGradients(
  compute: () => tf.Scalar,
  parameters: Parameters,
  variableGrads: VariableGrads = tf.variableGrads,
): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
  const names = Object.keys(parameters.weights);
  const tables = Object.values(parameters.tables);
  const variables = [
    ...names.map((name) => parameters.weights[name]!),
    ...tables.map((table) => table.anchor),
  ];
  const { value, grads } = variableGrads(compute, variables);
  const gradients: Record<string, tf.Tensor> = {};
  for (const name of names) {
    const gradient = grads[parameters.weights[name]!.name];
    if (gradient) gradients[name] = gradient;
  }
  for (const table of tables) grads[table.anchor.name]?.dispose();
  return { value, gradients };
}
