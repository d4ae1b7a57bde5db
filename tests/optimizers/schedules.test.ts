import { describe, expect, it } from "vitest";
import { createSchedule, registerSchedule, scheduleKinds } from "../../lib/optimizers/create-schedule.js";
import { expectClose, vector } from "../support/vectors.js";

const make = (spec: { kind: string; [key: string]: unknown }) => createSchedule(spec);

describe("schedules match their vectors:", () => {
  it("the six of the fine-tuner", () => {
    const { inputs, expected, tolerance } = vector("4-finetuner/schedulers");
    const timed = { warmupSteps: inputs.num_warmup_steps, totalSteps: inputs.num_training_steps };
    const { lr_init, lr_end, power } = inputs.polynomial;
    const specs: Record<string, { kind: string; [key: string]: unknown }> = {
      constant: { kind: "constant" },
      constant_with_warmup: { kind: "constant", warmupSteps: timed.warmupSteps },
      linear: { kind: "linear", ...timed },
      cosine: { kind: "cosine", ...timed },
      cosine_with_restarts: {
        kind: "cosine_with_restarts",
        ...timed,
        cycles: inputs.cosine_with_restarts_cycles,
      },
      polynomial: { kind: "polynomial", ...timed, power, floor: lr_end / lr_init },
    };
    for (const [name, want] of Object.entries(expected)) {
      const schedule = make(specs[name]!);
      expectClose(inputs.steps.map(schedule), want, tolerance, name);
    }
  });

  it("the course's schedule as intended and as run", () => {
    const intended = vector("2-dense-retrieval-course/lr_schedule_intended");
    const { min_lr, peak_lr } = intended.inputs;
    const rate = make({
      kind: "bounded_cosine",
      warmupSteps: intended.inputs.num_warmup_steps,
      totalSteps: intended.inputs.num_total_steps,
      floor: min_lr / peak_lr,
    });
    expectClose(
      intended.inputs.steps.map((step: number) => peak_lr * rate(step)),
      intended.expected,
      intended.tolerance,
    );
    expect(peak_lr * rate(20_000)).toBeCloseTo(min_lr, 12);
    for (const name of ["lr_schedule_as_run", "lr_schedule_small"]) {
      const { inputs, expected, tolerance } = vector(`2-dense-retrieval-course/${name}`);
      const published = make({
        kind: "bounded_cosine_as_published",
        warmupSteps: inputs.num_warmup_steps,
        totalSteps: inputs.num_total_steps,
        floor: inputs.min_lr,
        ceiling: inputs.max_lr,
      });
      const rates = inputs.steps.map((step: number) => inputs.base_lr * published(step));
      expectClose(rates, expected.learning_rate ?? expected, tolerance);
      if (expected.multiplier) expectClose(inputs.steps.map(published), expected.multiplier, tolerance);
    }
  });

  it("cosine with hard restarts", () => {
    const { inputs, expected, tolerance } = vector("2-dense-retrieval-course/lr_cosine_hard_restarts");
    const schedule = make({
      kind: "cosine_with_restarts",
      warmupSteps: inputs.num_warmup_steps,
      totalSteps: inputs.num_training_steps,
      cycles: inputs.cycles,
    });
    expectClose(
      inputs.steps.map((step: number) => inputs.base_lr * schedule(step)),
      expected,
      tolerance,
    );
  });
});

describe("createSchedule", () => {
  it("exponential halves every so many steps after the warm-up", () => {
    const schedule = make({ kind: "exponential", warmupSteps: 2, rate: 0.5, everySteps: 10 });
    expectClose([0, 1, 2, 12, 22].map(schedule), [0, 0.5, 1, 0.5, 0.25], 1e-12);
  });

  it("takes schedules of one's own, and names the known kinds", () => {
    registerSchedule(
      "stairs",
      ({ height }: { height: number }) =>
        (step) =>
          1 / (1 + Math.floor(step / height)),
    );
    expect(make({ kind: "stairs", height: 3 })(7)).toBeCloseTo(1 / 3);
    expect(() => make({ kind: "linea" })).toThrow(
      `unknown schedule "linea"; known: ${scheduleKinds().join(", ")}; did you mean linear?`,
    );
  });

  it("refuses a warm-up as long as the run, and options out of range", () => {
    expect(() => make({ kind: "linear", warmupSteps: 10, totalSteps: 10 })).toThrow(
      "linear: totalSteps must be an integer > warmupSteps (10), got 10",
    );
    expect(() => make({ kind: "constant", warmupSteps: -1 })).toThrow(
      "constant: warmupSteps must be ≥ 0, got -1",
    );
    expect(() => make({ kind: "exponential", rate: 0, everySteps: 1 })).toThrow(
      "exponential: rate must be > 0, got 0",
    );
    expect(() => make({ kind: "cosine_with_restarts", totalSteps: 9, cycles: 0 })).toThrow(
      "cosine_with_restarts: cycles must be ≥ 1, got 0",
    );
  });
});
