import { z } from "zod";
import type { OptionsOf, Part, Settings } from "../config/part.js";
import type { Random } from "../engine/random/random.js";
import type { BatchLoss } from "./loss.js";

/** What a loss that trains a vector for each document must know; 0 where it is not known beforehand. */
export interface DocumentSizes {
  documents: number;
  /** length of the embeddings */
  dim: number;
}

/** A loss of pairs as its index holds it. */
export interface AnyLossPart extends Part {
  /** How run names call it; default: its kind with spaces. */
  readonly displayName?: string;
  /** @param random  for losses that draw, e.g. by their miner */
  make(options: never, random: Random, sizes: DocumentSizes): BatchLoss;
}

/** A loss of pairs that declares itself. */
export interface LossPart<K extends string, S extends Settings> extends AnyLossPart {
  readonly kind: K;
  readonly settings: S;
  make(options: OptionsOf<S>, random: Random, sizes: DocumentSizes): BatchLoss;
}

/** Checks a declaration: the factory takes the options that the settings describe. */
export function lossPart<K extends string, S extends Settings>(part: LossPart<K, S>): LossPart<K, S> {
  return part;
}

/** τ in the formulas of this folder; 0.1 is the published default of batch_softmax. */
export function temperatureSetting(description = "τ, scores are divided by it") {
  return z.number().positive().default(0.1).describe(description);
}

/** m in the formulas of this folder, in units of the loss's distance or score. */
export function marginSetting(value: number, description = "m") {
  return z.number().positive().default(value).describe(description);
}

/** How two embeddings are compared by losses of scores. */
export const similaritySetting = z.enum(["cosine", "dot"]).default("cosine").describe("of two embeddings");

/** How two embeddings are compared by losses of distances. */
export const distanceSetting = z
  .enum(["cosine", "euclidean", "sqeuclidean"])
  .default("cosine")
  .describe("between two embeddings; cosine = 1 − cos");
