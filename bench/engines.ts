import { type Differentiation, tapeDifferentiation } from "../lib/engine/ops/differentiation.js";
import { GraphDifferentiation } from "../lib/training/updates/graph-differentiation.js";

/**
 * What computes losses and gradients, by the names of configurations. Graphs are made anew, not read from disk. With
 * QDRL_PROFILE in the environment, ONNX Runtime writes every operator's time to files that begin so: operator-times.ts.
 */
export function differentiationOf(engine: string, threads: number): Differentiation {
  if (engine === "tfjs") return tapeDifferentiation;
  const profilePrefix = process.env["QDRL_PROFILE"];
  if (engine === "jit")
    return new GraphDifferentiation(null, {
      threads,
      cacheDir: null,
      ...(profilePrefix && { profilePrefix }),
    });
  throw new Error(`unknown engine "${engine}"; known: jit, tfjs`);
}
