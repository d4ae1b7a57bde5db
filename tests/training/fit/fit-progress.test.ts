import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { type Progress, setDefaultListener } from "../../../lib/engine/progress.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { classData, spec } from "./toy.js";

beforeAll(async () => void (await selectBackend("wasm")));
afterEach(() => setDefaultListener({}));

describe("fit", () => {
  const data = classData();
  const options = { model: spec, trainData: data, loss: "triplet", epochs: 2, batchSize: 20 };
  const heard = async (more: { progress?: null } = {}) => {
    const told: Progress[] = [];
    setDefaultListener({ progress: (progress) => told.push(progress) });
    await fit({ ...options, ...more });
    return told;
  };

  it("tells the default listener how far each epoch is, up to its end", async () => {
    const told = await heard();
    const ends = told.filter(({ done, total }) => done === total).map(({ task }) => task);
    expect([...new Set(ends)]).toEqual(["epoch 1/2", "epoch 2/2"]);
    expect(told.every(({ done, total }) => done <= total && total === 60)).toBe(true); // five classes of twelve items
  });

  it("shows nothing where progress is null", async () => {
    expect(await heard({ progress: null })).toEqual([]);
  });
});
