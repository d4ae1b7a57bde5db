import type { Encoder } from "../../encoders/encoder.js";
import { type EvaluatorOptions, evaluateRetrieval } from "../../evaluation/evaluate-retrieval.js";
import type { Callback } from "./callback.js";

/** (after − before) / before. */
export function relativeChange(before: number, after: number): number {
  return (after - before) / before;
}

/** One row of the table of quality before and after. */
export interface ChangeRow {
  measure: string;
  before: number;
  after: number;
  /** relative, e.g. 0.158 */
  change: number;
}

/**
 * Measures retrieval before the first step and after every epoch, and writes the means into the state's metrics as
 * `<prefix><measure>`. Must stand before callbacks that read them. `changes()` compares the last with the first.
 *
 * @param options.model       embeds queries (default: the model trained)
 * @param options.indexModel  embeds the index (default: the model trained)
 */
export function evaluationCallback(
  options: EvaluatorOptions & { model?: Encoder; indexModel?: Encoder; prefix?: string },
): Callback & { changes(): ChangeRow[] } {
  const { prefix = "" } = options;
  let before: Record<string, number> | null = null;
  let after: Record<string, number> = {};
  const measure = (encoder: Encoder) =>
    evaluateRetrieval(options, options.model ?? encoder, options.indexModel ?? encoder).means as Record<
      string,
      number
    >;
  return {
    name: `evaluation${prefix}`,
    on: {
      fit_begin(state) {
        before ??= measure(state.encoder);
      },
      epoch_end(state) {
        after = measure(state.encoder);
        for (const [name, value] of Object.entries(after)) state.metrics[prefix + name] = value;
      },
    },
    changes: () =>
      Object.entries(after).map(([name, value]) => ({
        measure: name,
        before: before![name]!,
        after: value,
        change: relativeChange(before![name]!, value),
      })),
    state: () => before,
    restore(saved) {
      before = saved as Record<string, number> | null;
    },
  };
}
