import type { Encoder } from "../../encoders/encoder.js";
import type { Evaluation } from "../../evaluation/evaluate.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "./callback.js";

/** How a run is evaluated. */
export interface RunEvaluation {
  /** epochs from one to the next; the last epoch is evaluated anyway */
  every: number;
  /** whether the untrained model is evaluated too, as epoch −1 */
  before: boolean;
  evaluate(encoder: Encoder): Promise<Evaluation>;
  /** an encoder of the same sort, for parameters that are read back */
  fresh(): Encoder;
}

/**
 * Searches every evaluation set after every few epochs and after the last, if asked for before the first too, and writes the means into the state's metrics.
 * `latest` is what the model of that version answered.
 */
export function retrievalEvaluation(
  { every, before, evaluate }: Pick<RunEvaluation, "every" | "before" | "evaluate">,
  run: RunFolder,
  session: () => { version: number; startEpoch: number },
): Callback & { readonly latest: { evaluation: Evaluation; version: number } | null } {
  let latest: { evaluation: Evaluation; version: number } | null = null;
  return {
    name: "retrieval_evaluation",
    get latest() {
      return latest;
    },
    on: {
      async fit_begin({ encoder, epoch, step }) {
        if (!before || session().startEpoch > 0) return;
        const { means, perQuery } = await evaluate(encoder);
        run.appendMetrics(means.map(({ name, value }) => ({ epoch, step, name, value })));
        run.writeQueries(perQuery, "before");
      },
      async epoch_end(state) {
        const { epoch, epochs, metrics } = state;
        if ((epoch + 1) % every !== 0 && epoch + 1 !== epochs) return;
        const began = performance.now();
        const evaluation = await evaluate(state.encoder);
        latest = { evaluation, version: session().version };
        for (const { name, value } of evaluation.means) metrics[name] = value;
        run.appendTiming({ epoch, name: "evaluate", seconds: (performance.now() - began) / 1000 });
      },
    },
  };
}
