import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { balancedBatches } from "../../lib/negatives/samplers/balanced-sampler.js";
import { classBatches, classPlan, classSamplerProblem } from "../../lib/negatives/samplers/class-sampler.js";
import { instanceBatches } from "../../lib/negatives/samplers/instance-sampler.js";
import { sessionBatches } from "../../lib/negatives/samplers/session-sampler.js";
import { vector } from "../support/vectors.js";

const labelsOf = (counts: Record<string, number>) =>
  Object.values(counts).flatMap((count, label) => Array.from({ length: count }, () => label));
const tally = (values: Iterable<number>) => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

describe("classBatches", () => {
  it("plan matches its vectors", () => {
    const { inputs, expected } = vector("4-finetuner/class_sampler_plan");
    const plan = classPlan(inputs.batch_size, 3, inputs.num_items_per_class);
    expect(plan.classesPerBatch).toBe(expected.classes_per_batch);
    const labels = labelsOf(inputs.label_counts);
    const options = { batchSize: inputs.batch_size, itemsPerClass: inputs.num_items_per_class };
    expect(classBatches(labels, { ...options, random: new Random(1) })).toHaveLength(expected.batches);
    expect(classSamplerProblem(labels, options)).toMatch(/needs 4 classes, got 3/);
    const standard = vector("4-finetuner/class_sampler_default_items");
    expect(classPlan(standard.inputs.batch_size, standard.inputs.num_classes)).toEqual({
      itemsPerClass: standard.expected.num_items_per_class,
      classesPerBatch: standard.expected.classes_per_batch,
    });
  });

  it("counts match their vectors whatever the seed", () => {
    const { inputs, expected } = vector("4-finetuner/class_sampler_counts");
    inputs.cases.forEach(
      (
        c: { label_counts: Record<string, number>; batch_size: number; num_items_per_class: number },
        i: number,
      ) => {
        for (let seed = 0; seed < 10; seed++) {
          const names = Object.keys(c.label_counts);
          const labels = labelsOf(c.label_counts);
          const batches = classBatches(labels, {
            batchSize: c.batch_size,
            itemsPerClass: c.num_items_per_class,
            random: new Random(seed),
          });
          const want = expected[i];
          expect(batches).toHaveLength(want.batches);
          const draws = batches.flatMap((batch) => [...batch]);
          if (want.distinct_items_covered) expect(new Set(draws).size).toBe(want.distinct_items_covered);
          if (want.batch_length) expect(batches[0]!.length).toBe(want.batch_length);
          const perClass = tally(draws.map((item) => labels[item]!));
          for (const [name, count] of Object.entries(want.draws_per_class ?? {}))
            expect(perClass.get(names.indexOf(name))).toBe(count);
          for (const [name, count] of Object.entries(want.unused ?? {})) {
            const label = names.indexOf(name);
            expect(c.label_counts[name]! - perClass.get(label)!).toBe(count);
          }
          for (const [name, count] of Object.entries(want.repeats ?? {})) {
            const own = draws.filter((item) => labels[item] === names.indexOf(name));
            expect(own.length - new Set(own).size).toBe(count);
          }
          for (const batch of batches)
            for (const count of tally([...batch].map((item) => labels[item]!)).values())
              expect(count).toBe(c.num_items_per_class);
        }
      },
    );
  });

  it("refuses sizes that are no positive integers, and says what is wrong with one class", () => {
    expect(() => classPlan(0, 3)).toThrow("classSampler: batchSize must be a positive integer, got 0");
    expect(() => classPlan(8, 3, -1)).toThrow("itemsPerClass must be a positive integer, got -1");
    expect(classSamplerProblem([1, 1, 1], { batchSize: 2 })).toBe(
      "labels must have at least 2 classes, got 1",
    );
    expect(classSamplerProblem([1, 1, 2, 2], { batchSize: 4, itemsPerClass: 2 })).toBeNull();
  });
});

describe("sessionBatches", () => {
  const items = (sizes: number[]) => {
    const sessions = sizes.flatMap((size, s) => Array.from({ length: size }, () => s));
    const types = sizes.flatMap((size) =>
      Array.from({ length: size }, (_, i) => (i === 0 ? 0 : i % 2 ? 1 : -1)),
    );
    return { sessions, types };
  };

  it("matches its vectors, roots always included", () => {
    const { inputs, expected } = vector("4-finetuner/session_sampler");
    const { sessions, types } = items(inputs.session_sizes);
    const batches = sessionBatches(sessions, types, {
      batchSize: inputs.batch_size,
      shuffle: false,
      random: new Random(1),
    });
    expect(batches.map((b) => [...b].map((i) => sessions[i]))).toEqual(expected.batches_by_session);
    expect(batches.map((b) => b.length)).toEqual(expected.batch_lengths);
    expect(types[batches[0]![3]!]).toBe(0);
    const large = vector("4-finetuner/session_sampler_large");
    const all = items(large.inputs.session_sizes);
    const cut = sessionBatches(all.sessions, all.types, {
      batchSize: large.inputs.batch_size,
      random: new Random(1),
    });
    expect(cut.map((b) => b.length)).toEqual(large.expected.batch_lengths);
    for (const batch of cut) expect([...batch].filter((i) => all.types[i] === 0)).toHaveLength(1);
  });

  it("refuses sessions without a root", () => {
    expect(() => sessionBatches([4, 4], [1, 1], { batchSize: 2, random: new Random(1) })).toThrow(
      "session 4 must have one root, got 0",
    );
  });
});

describe("instanceBatches", () => {
  it("matches its vector", () => {
    const { inputs, expected } = vector("4-finetuner/instance_sampler");
    const batches = instanceBatches(5, {
      batchSize: inputs.batch_size,
      views: inputs.views_per_instance,
      order: inputs.order_after_shuffle,
      random: new Random(1),
    });
    expect(batches.map((b) => [...b])).toEqual(expected);
  });

  it("refuses one view, and batches that views do not divide", () => {
    const random = new Random(1);
    expect(() => instanceBatches(5, { batchSize: 4, views: 1, random })).toThrow(
      "views must be an integer > 1, got 1",
    );
    expect(() => instanceBatches(5, { batchSize: 5, random })).toThrow(
      "batchSize must be divisible by views (2), got 5",
    );
  });
});

describe("balancedBatches", () => {
  it("uses the items of a class up before repeating one", () => {
    const labels = labelsOf({ a: 6, b: 6, c: 6 });
    const batches = balancedBatches(labels, { classes: 3, samples: 2, random: new Random(3) });
    expect(batches).toHaveLength(3);
    expect(new Set(batches.flatMap((b) => [...b])).size).toBe(18);
    expect(() => balancedBatches(labels, { classes: 4, samples: 1, random: new Random(1) })).toThrow(
      "labels must have 4 classes, got 3",
    );
  });
});
