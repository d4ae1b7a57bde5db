import { type Differentiation, tapeDifferentiation } from "../lib/engine/ops/differentiation.js";

/** What computes losses and gradients, by the names of configurations. */
export function differentiationOf(engine: string, _threads: number): Differentiation {
  if (engine === "tfjs") return tapeDifferentiation;
  throw new Error(`unknown engine "${engine}"; known: tfjs`);
}
