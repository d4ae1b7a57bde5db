import { describe, expect, it } from "vitest";
import type { RunState } from "../../lib/cluster/run-queue.js";
import { runDataNames } from "../../lib/service/run-data-names.js";
import { checkState, type Guarded } from "../../lib/service/state-guards.js";
import { vector } from "../fixtures/read-vectors.js";

describe("runs of the service", () => {
  it("are refused what they do not have yet, as the specification says of each state", () => {
    const { inputs, expected } = vector("4-finetuner/run_state_guards");
    const outcome = (what: Guarded, state: RunState) => {
      try {
        checkState(what, "exp/r1", state, "no data");
        return "ok";
      } catch (error) {
        const { message } = error as Error;
        const reason = ["preparing", "in progress", "failed"].find((word) =>
          message.includes(word === "preparing" ? "prepared" : word),
        );
        return `error: ${reason}`;
      }
    };
    const states: RunState[] = inputs.states;
    expect({
      logs: states.map((state) => outcome("logs", state)),
      metrics: states.map((state) => outcome("metrics", state)),
      save_artifact: states.map((state) => outcome("artifact", state)),
    }).toEqual(expected);
    expect(() => checkState("examples", "exp/r1", "FAILED", "no data")).toThrow(/exp\/r1: .*failed: no data/);
  });

  it("have the specification's names for their data", () => {
    const { inputs, expected } = vector("4-finetuner/run_data_names");
    expect(runDataNames(inputs.experiment, inputs.run)).toEqual(expected);
  });
});
