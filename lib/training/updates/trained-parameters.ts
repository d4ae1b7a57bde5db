import type * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import type { Parameters } from "../../engine/ops/gradients.js";

/** What an optimiser moves: an encoder's parameters that are not frozen, and weights of the loss as "loss.<name>". */
export function trainedParameters(encoder: Encoder, own: Record<string, tf.Variable> = {}): Parameters {
  const { weights, tables, frozen } = encoder;
  const trained = <T>(all: Record<string, T>): Record<string, T> =>
    frozen?.size ? Object.fromEntries(Object.entries(all).filter(([name]) => !frozen.has(name))) : all;
  return { weights: { ...trained(weights), ...lossWeights(own) }, tables: trained(tables) };
}

/** Weights of a loss by the names that an optimiser knows them by. */
export function lossWeights(own: Record<string, tf.Variable>): Record<string, tf.Variable> {
  return Object.fromEntries(Object.entries(own).map(([name, weight]) => [`loss.${name}`, weight]));
}
