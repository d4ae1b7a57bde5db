import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { GraphCompiler, type JitOptions, type Rewinding } from "../../engine/jit/graph-compiler.js";
import type { Differentiation } from "../../engine/ops/differentiation.js";
import { addGradients, type Parameters } from "../../engine/ops/gradients.js";

/** Where graphs are kept as ONNX Runtime rewrote them. */
const GRAPHS = path.join(".cache", "graphs");

/** Losses and gradients by graphs in ONNX Runtime; what has no graph is computed by tfjs, with one line that says why. */
export class GraphDifferentiation implements Differentiation {
  private readonly compiler: GraphCompiler;

  /** @param rewinding  what draws while a loss is computed, so that it can be traced twice with the same draws */
  constructor(
    private readonly rewinding: Rewinding | null,
    options: JitOptions = {},
  ) {
    this.compiler = new GraphCompiler({ cacheDir: GRAPHS, mostGraphs: Number.POSITIVE_INFINITY, ...options });
  }

  addGradients(compute: () => tf.Scalar, parameters: Parameters): ReturnType<typeof addGradients> {
    return addGradients(compute, parameters, (loss, variables) =>
      this.compiler.variableGrads(loss, variables, this.rewinding),
    );
  }

  values(compute: () => tf.Tensor): Float32Array {
    const [value] = this.compiler.evaluate(() => [compute()], this.rewinding);
    const values = (value!.dataSync() as Float32Array).slice();
    tf.dispose(value!);
    return values;
  }

  /** Provider, threads, graphs and the hash of the one used last, and how many calls tfjs answered instead. */
  facts(): Record<string, string | number> {
    const { provider, threads, graph, graphs, runs, fallbacks } = this.compiler.info();
    return {
      ...{ provider, threads, graphs, runs, fallbacks },
      ...(graph && { graph: graph.hash, nodes: graph.nodes }),
    };
  }

  close(): void {
    this.compiler.dispose();
  }
}
