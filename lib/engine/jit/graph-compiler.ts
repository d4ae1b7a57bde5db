import { availableParallelism } from "node:os";
import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { checkProvider, type GraphProvider } from "../graph-provider.js";
import { CompiledGraph } from "./compiled-graph.js";
import { graphHash, openKept, readRecords } from "./graph-store.js";
import { type OperatorTime, operatorTimes } from "./operator-times.js";
import { type Demand, gradientsOf, type Recording, record } from "./record.js";
import type { Trace } from "./trace.js";
import { TraceError } from "./trace-error.js";
import { tracing } from "./tracing.js";

export interface JitOptions {
  /** where graphs run; default: the processor */
  provider?: GraphProvider;
  /** within an operator; default: the cores that the process may use */
  threads?: number;
  /** folder for graphs as ONNX Runtime rewrote them; null (default) = none */
  cacheDir?: string | null;
  /** graphs that stay open; the one used longest ago is closed for a new one */
  openGraphs?: number;
  /** graphs that are made at most (default 64); what would need another is computed by tfjs. Infinity: one line says so at 64 */
  mostGraphs?: number;
  /** told in one line each what is not traced, and when shapes change too often */
  tell?: (line: string) => void;
  /** what files with every operator's time begin with, for {@link GraphCompiler.operatorTimes}; it slows graphs down a little */
  profilePrefix?: string;
}

/** What a compiler has done. */
export interface JitInfo {
  provider: GraphProvider;
  threads: number;
  /** of the graph used last; null before the first */
  graph: { hash: string; nodes: number } | null;
  /** graphs made, and of them open */
  graphs: number;
  open: number;
  /** calls that graphs answered, and those that tfjs did */
  runs: number;
  fallbacks: number;
  /** spent on writing graphs down, and on opening sessions */
  traceMs: number;
  sessionMs: number;
}

/** What draws random numbers while a function runs, so that it can be run again with the same. */
export interface Rewinding {
  state(): unknown;
  restore(state: never): void;
}

/** Graphs from which on shapes differ more than pays. */
const MANY_GRAPHS = 64;

interface Gradients {
  value: tf.Scalar;
  /** null where the value does not depend on a tensor */
  gradients: (tf.Tensor | null)[];
}

interface Called extends Demand {
  rewinding: Rewinding | null;
}

/**
 * Turns functions of tfjs ops into graphs that ONNX Runtime runs. A call first runs the function with ops that compute
 * nothing, which tells the graph and the numbers that it is to be run with; a graph is made for each that has not been seen.
 * So a function may branch, draw, and read numbers of its own, and gets what tfjs would give it up to rounding.
 */
export class GraphCompiler {
  readonly options: Required<Omit<JitOptions, "profilePrefix" | "tell">> & {
    profilePrefix: string | null;
    tell: (line: string) => void;
  };
  private readonly graphs = new Map<string, CompiledGraph>();
  private readonly told = new Set<string>();
  /** whether gradients must be written down at each call, as they read what the function itself does not */
  private whole = false;
  private latest: CompiledGraph | null = null;
  private readonly done = { graphs: 0, runs: 0, fallbacks: 0, traceMs: 0, sessionMs: 0 };

  /** @throws UserError for options out of range */
  constructor(options: JitOptions = {}) {
    checkProvider(options.provider ?? "cpu");
    const { openGraphs = 16, mostGraphs = MANY_GRAPHS, threads = availableParallelism() } = options;
    for (const [name, value] of Object.entries({ openGraphs, mostGraphs, threads }))
      if (!(value >= 1)) throw new UserError(`jit: ${name} must be at least 1, got ${value}`);
    this.options = {
      provider: "cpu",
      cacheDir: null,
      profilePrefix: null,
      ...options,
      tell: options.tell ?? ((line) => console.warn(line)),
      openGraphs,
      mostGraphs,
      threads,
    };
  }

  info(): JitInfo {
    const { provider, threads } = this.options;
    const plan = this.latest?.plan;
    const graph = plan ? { hash: plan.hash, nodes: plan.nodes } : null;
    return { provider, threads, graph, open: this.graphs.size, ...this.done };
  }

  /** Value of a scalar function and its gradients by tensors or variables. The caller disposes of them. */
  gradients(
    compute: () => tf.Scalar,
    by: readonly tf.Tensor[],
    rewinding: Rewinding | null = null,
  ): Gradients {
    return this.call<Gradients>(
      { compute: () => [compute()], by, rewinding },
      ([value, ...slopes], places) => {
        const gradients: (tf.Tensor | null)[] = by.map(() => null);
        places.forEach((place, i) => {
          gradients[place] = slopes[i]!;
        });
        return { value: value as tf.Scalar, gradients };
      },
      () => tf.tidy(() => gradientsOf(compute, by) as never),
    );
  }

  /** As tf.variableGrads. */
  variableGrads(
    compute: () => tf.Scalar,
    variables: readonly tf.Variable[],
    rewinding: Rewinding | null = null,
  ): { value: tf.Scalar; grads: tf.NamedTensorMap } {
    const trained = variables.filter(({ trainable }) => trainable);
    const { value, gradients } = this.gradients(compute, trained, rewinding);
    const grads: tf.NamedTensorMap = {};
    trained.forEach(({ name }, i) => {
      const gradient = gradients[i];
      if (gradient) grads[name] = gradient;
    });
    return { value, grads };
  }

  /** Values of a function of no arguments; what it reads from outside may change from call to call. */
  evaluate(compute: () => tf.Tensor[], rewinding: Rewinding | null = null): tf.Tensor[] {
    return this.call(
      { compute, by: null, rewinding },
      (outputs) => outputs,
      () => tf.tidy(compute),
    );
  }

  /**
   * Times by operator of the graphs that are open, on average over their runs; their records end with it.
   *
   * @throws UserError unless profilePrefix was given
   */
  operatorTimes(): OperatorTime[] {
    const { profilePrefix } = this.options;
    if (profilePrefix === null)
      throw new UserError("jit: operatorTimes needs the option profilePrefix, got none");
    for (const graph of this.graphs.values()) graph.endProfiling();
    return operatorTimes(readRecords(profilePrefix));
  }

  /** Closes the sessions. */
  dispose(): void {
    for (const graph of this.graphs.values()) graph.dispose();
    this.graphs.clear();
  }

  private call<R>(
    { rewinding, ...demand }: Called,
    give: (outputs: tf.Tensor[], places: readonly number[]) => R,
    plain: () => R,
  ): R {
    if (tracing()) return plain(); // inside another graph: its ops go there
    const state = rewinding?.state();
    const again = (): void => {
      if (rewinding) rewinding.restore(state as never);
    };
    try {
      return tf.tidy(() => {
        const { graph, trace } = this.find(demand, again);
        const outputs = this.run(graph, trace);
        return give(outputs, graph.plan.places) as never;
      });
    } catch (error) {
      const why = whyNot(error);
      if (why === null) throw error;
      again();
      this.done.fallbacks++;
      if (!this.told.has(why)) this.options.tell(`jit: ${why}; tfjs computes such calls`);
      this.told.add(why);
      return plain();
    }
  }

  /** The graph of a call, made if there is none, and the call's numbers. */
  private find(demand: Demand, again: () => void): { graph: CompiledGraph; trace: Trace } {
    const { whole } = this;
    if (this.graphs.size > 0) {
      const { trace, key } = record(demand, { silent: true, gradients: whole, whole });
      const graph = this.graphs.get(key);
      // a number that changed may stand in the gradient too, out of sight of its function
      const hidden = graph && demand.by && !whole && graph.hasMoved(trace);
      if (graph && !hidden) {
        this.graphs.delete(key);
        this.graphs.set(key, graph); // the newest
        return { graph, trace };
      }
      tf.dispose(trace.made);
      again();
      if (hidden) return this.findWhole(demand, again);
    }
    const start = performance.now();
    if (this.done.graphs >= this.options.mostGraphs)
      throw new TraceError(
        `shapes or ops were new for the ${this.done.graphs + 1}th time (mostGraphs ${this.done.graphs})`,
      );
    const recording = record(demand, { silent: false, gradients: true, whole });
    if (!recording.closed && !whole) {
      tf.dispose(recording.trace.made);
      again();
      return this.findWhole(demand, again);
    }
    const graph = this.compile(recording, start);
    this.graphs.set(recording.key, graph);
    if (this.graphs.size > this.options.openGraphs) {
      const [oldest, closed] = this.graphs.entries().next().value as [string, CompiledGraph];
      this.graphs.delete(oldest);
      closed.dispose();
    }
    return { graph, trace: recording.trace };
  }

  /** The same, from here on with gradients written down at each call. The graphs are the same, their keys are not. */
  private findWhole(demand: Demand, again: () => void): { graph: CompiledGraph; trace: Trace } {
    this.whole = true;
    this.dispose();
    return this.find(demand, again);
  }

  private compile({ trace, results, places }: Recording, start: number): CompiledGraph {
    const all = [
      ...results,
      ...trace.watched.map(({ value }) => value),
      ...trace.slopes.map(({ value }) => value),
    ];
    const outputs = all.map((value, i) => {
      const name = `result ${i}`;
      trace.output(value, name);
      return { name, shape: value.shape, dtype: value.dtype };
    });
    const { bytes, nodes } = trace.emit.finish();
    const { provider, threads, cacheDir, profilePrefix } = this.options;
    const hash = graphHash(bytes, provider);
    const written = performance.now();
    this.done.traceMs += written - start;
    const session = openKept(bytes, hash, cacheDir, {
      provider,
      threads,
      ...(profilePrefix !== null && { profilePrefix }),
    });
    this.done.sessionMs += performance.now() - written;
    this.done.graphs++;
    if (this.done.graphs === MANY_GRAPHS && this.options.mostGraphs > MANY_GRAPHS)
      this.options.tell(
        `jit: the ${MANY_GRAPHS}th graph is made (${(this.done.sessionMs / MANY_GRAPHS).toFixed(0)} ms each); batches of fewer different shapes need fewer`,
      );
    return new CompiledGraph(session, {
      outputs,
      own: results.length,
      places,
      slopes: trace.slopes.map(({ boundary }) => boundary),
      numbers: trace.numbers,
      hash,
      nodes,
    });
  }

  /** Runs a graph, hands over what boundaries and watchers wait for, and gives the rest. */
  private run(graph: CompiledGraph, trace: Trace): tf.Tensor[] {
    let all: tf.Tensor[];
    try {
      all = graph.run(trace);
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).split("\n")[0];
      throw new TraceError(`ONNX Runtime did not run a graph of ${graph.plan.nodes} nodes (${why})`);
    } finally {
      tf.dispose(trace.made);
    }
    this.done.runs++;
    this.latest = graph;
    const { own, slopes } = graph.plan;
    const watched = own + trace.watched.length;
    trace.watched.forEach(({ take }, i) => {
      take(all[own + i]!.dataSync().slice() as Float32Array);
    });
    slopes.forEach((boundary, i) => {
      trace.boundaries[boundary]!(tf.keep(all[watched + i]!));
    });
    return all.slice(0, own);
  }
}

/** In words why a call has no graph, null for an error of the function itself. */
function whyNot(error: unknown): string | null {
  if (error instanceof TraceError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  const kernel = /^Kernel '(.+)' not registered for backend 'trace'/.exec(message)?.[1];
  return kernel ? `op ${kernel} has no place in a graph` : null;
}
