import * as tf from "@tensorflow/tfjs";
import { kernelTable } from "./kernel-table.js";
import type { Trace, Value } from "./trace.js";
import { traceBackendName, whileTracing } from "./tracing.js";

/** The parts of tfjs's engine that name the backend in use; its own way to change them sets every kernel up again. */
interface BackendInUse {
  backendName: string;
  backendInstance: tf.KernelBackend;
  registry: Record<string, tf.KernelBackend>;
}

/** A backend that computes nothing: every kernel goes into the current {@link Trace}. */
class TraceBackend extends tf.KernelBackend {
  trace: Trace | null = null;

  override numDataIds(): number {
    return 0;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override timerAvailable(): boolean {
    return false;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    return this.trace!.write(values, shape, dtype);
  }
  override readSync(dataId: object): tf.BackendValues {
    return this.trace!.read(dataId);
  }
  override read(dataId: object): Promise<tf.BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }
  override incRef(): void {}
  decRef(): void {}
  override refCount(): number {
    return 1;
  }
  override disposeData(): boolean {
    return true;
  }
  override dispose(): void {}
}

let backend: TraceBackend | null = null;

function install(): TraceBackend {
  if (backend) return backend;
  const made = new TraceBackend();
  backend = made;
  tf.registerBackend(traceBackendName, () => made, 0);
  tf.findBackend(traceBackendName);
  tf.registerKernel({
    kernelName: "Identity",
    backendName: traceBackendName,
    kernelFunc: ({ inputs }) => made.trace!.clone((inputs as { x: tf.TensorInfo }).x),
  });
  for (const [kernelName, lower] of Object.entries(kernelTable))
    tf.registerKernel({
      kernelName,
      backendName: traceBackendName,
      kernelFunc: ({ inputs, attrs }) => {
        const trace = made.trace!;
        const values: Record<string, Value> = Array.isArray(inputs) ? ([] as never) : {};
        let host = true;
        for (const [name, tensor] of Object.entries(inputs as Record<string, tf.TensorInfo | undefined>)) {
          if (!tensor) continue;
          const value = trace.of(tensor);
          values[name] = value;
          host &&= value.host !== null;
        }
        trace.note(kernelName, Object.values(values), attrs as object | undefined);
        const result = lower(trace, values, (attrs ?? {}) as never);
        const outputs = Array.isArray(result) ? result : [result];
        if (host)
          outputs.forEach((value, output) => {
            value.host = { kernel: kernelName, inputs: values, attributes: (attrs ?? {}) as object, output };
          });
        return result;
      },
    });
  return made;
}

/** Runs `compute` with every op going into a trace that `begin` makes; ops inside `elsewhere` go where they went before. */
export function traced<T>(
  begin: (elsewhere: <R>(compute: () => R) => R) => Trace,
  compute: (trace: Trace) => T,
): T {
  const own = install();
  const engine = tf.engine() as unknown as BackendInUse;
  const [name, instance] = [engine.backendName, engine.backendInstance];
  const use = (backendName: string, backendInstance: tf.KernelBackend) => {
    engine.backendName = backendName;
    engine.backendInstance = backendInstance;
  };
  const elsewhere = <R>(inner: () => R): R => {
    use(name, instance);
    try {
      return whileTracing(null, inner);
    } finally {
      use(traceBackendName, own);
    }
  };
  const trace = begin(elsewhere);
  const before = own.trace;
  own.trace = trace;
  use(traceBackendName, own);
  try {
    return whileTracing(trace, () => compute(trace));
  } finally {
    use(name, instance);
    own.trace = before;
  }
}
