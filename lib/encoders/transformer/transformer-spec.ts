import type { GemOptions } from "../gem.js";
import type { TransformerArchitecture } from "./architecture.js";
import type { Pooling } from "./pooling.js";

/** Arrays by Hugging Face's names of parameters. */
export type NamedArrays = Readonly<Record<string, { shape: readonly number[]; data: ArrayLike<number> }>>;

/** A transformer encoder in plain data. */
export interface TransformerSpec {
  architecture: TransformerArchitecture;
  pooling: Pooling;
  /** of pooling gem; default p 3, eps 1e-6 */
  gem?: GemOptions;
  /** unit-length embeddings */
  normalize: boolean;
  /** one model for both sides, or one for each (a DPR pair) */
  sides: "shared" | "separate";
  queryTextFeature: string;
  documentTextFeature: string;
  /** gradients by computing each layer again: a fraction of the memory, a third more time (default false) */
  checkpointed?: boolean;
  /** embeddings and this many of the lowest layers keep their weights (default 0: everything is trained) */
  frozenLayers?: number;
  /** id of [PAD] (default 0) */
  padId?: number;
  /** starting weights of every side by Hugging Face's names; without them N(0, 0.02²) */
  initial?: NamedArrays;
}
