import { createRequire } from "node:module";
import type { Tensor as NativeTensor } from "onnxruntime-node";
import { packageFile } from "../../files/package-files.js";
import { UserError } from "../../files/user-error.js";
import { type GraphProvider, memoryFault, prepareProvider, providerFault } from "../graph-provider.js";
import { TraceError } from "./trace-error.js";

export type Feeds = Record<string, NativeTensor>;

/** A graph in ONNX Runtime, run at once: nothing else happens between a call and its result. */
export interface NativeSession {
  /** @param fetches outputs by name; a tensor is written to, null gives a new one */
  run(feeds: Feeds, fetches: Record<string, NativeTensor | null>, options: object): Feeds;
  endProfiling(): void;
  dispose(): void;
}

interface NativeBinding {
  InferenceSession: new () => NativeSession & {
    loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  };
}

interface Runtime {
  env: { versions: { node?: string; common: string } };
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => NativeTensor;
}

let loaded: { binding: NativeBinding; runtime: Runtime } | null = null;

/**
 * ONNX Runtime's binding, whose calls return results. (The package's own face hands each call to the event loop and gives a
 * promise; a training step is one call among many that must follow each other.)
 *
 * @throws UserError where it cannot be loaded
 */
function load(): { binding: NativeBinding; runtime: Runtime } {
  if (loaded) return loaded;
  try {
    const fromPackage = createRequire(packageFile("package.json"));
    const { binding, initOrt } = fromPackage("onnxruntime-node/dist/binding.js") as {
      binding: NativeBinding;
      initOrt(): void;
    };
    const runtime = fromPackage("onnxruntime-node") as Runtime;
    initOrt();
    loaded = { binding, runtime };
    return loaded;
  } catch (error) {
    throw new UserError(`jit: ONNX Runtime must load, got: ${firstLine(error)}`);
  }
}

export interface NativeOptions {
  provider: GraphProvider;
  /** within an operator */
  threads: number;
  /** whether the graph is as ONNX Runtime wrote it after its own rewriting */
  optimised?: boolean;
  /** where it writes the graph as rewritten */
  optimisedFile?: string;
  /** where its record of every operator's time begins to be written */
  profilePrefix?: string;
}

/**
 * @throws UserError  where the provider cannot be used, or memory does not suffice
 * @throws TraceError where the processor cannot take the graph, as with shapes that do not fit: tfjs says that better
 */
export function openNative(graph: Uint8Array, options: NativeOptions): NativeSession {
  const { binding } = load();
  const { provider, threads, optimised, optimisedFile, profilePrefix } = options;
  const session = new binding.InferenceSession();
  prepareProvider(provider);
  try {
    session.loadModel(graph.buffer, graph.byteOffset, graph.byteLength, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: optimised ? "disabled" : "all",
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
      ...(optimisedFile && { optimizedModelFilePath: optimisedFile }),
      ...(profilePrefix && { enableProfiling: true, profileFilePrefix: profilePrefix }),
    });
  } catch (error) {
    const fault = providerFault(provider, error);
    if (provider !== "cpu" || memoryFault(error, "")) throw fault;
    throw new TraceError(`ONNX Runtime did not take a graph (${firstLine(error)})`);
  }
  return session;
}

/** A tensor over numbers where they lie: nothing is copied. */
export function nativeTensor(type: string, data: ArrayBufferView, shape: readonly number[]): NativeTensor {
  return new (load().runtime.Tensor)(type, data, shape);
}

/** Of ONNX Runtime. */
export function runtimeVersion(): string {
  const { versions } = load().runtime.env;
  return versions.node ?? versions.common;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
