import { beforeAll, expect, it, vi } from "vitest";
import { OnnxBatchEncoder } from "../../lib/encoders/batch-encoder.js";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { exampleBatch, exampleSpec } from "./example-encoder.js";

beforeAll(async () => void (await selectBackend("wasm")));

it("a run's encoder embeds on the processor, after one line, where the run's provider is not here", async () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const spec = exampleSpec("TwoTower");
  const encoder = createEncoder(spec, new Random(6));
  const session = new OnnxBatchEncoder(encoder, () => spec, "cuda");
  const got = await session.embed(exampleBatch(7), "query");
  await session.close();
  encodeAll(encoder, exampleBatch(7), "query").forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, 4); // a GPU may be here, and multiply in TF32
  });
  for (const [line] of warned.mock.calls)
    expect(line).toMatch(/^provider cuda: [^\n]*; the processor embeds$/);
  warned.mockRestore();
});
