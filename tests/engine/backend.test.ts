import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";

describe("selectBackend", () => {
  it("takes wasm, whether the native library is installed or not, and says so in one line", async () => {
    const choice = await selectBackend("auto");
    expect(choice.name).toBe("wasm");
    expect(choice.line).toMatch(/^backend: \w+/);
    expect(choice.line).not.toContain("\n");
    expect(tf.getBackend()).toBe(choice.name);
  });

  it("is idempotent and changes backend on demand", async () => {
    expect(await selectBackend("cpu")).toEqual({ name: "cpu", line: "backend: cpu (plain JavaScript)" });
    expect(await selectBackend("cpu")).toEqual({ name: "cpu", line: "backend: cpu (plain JavaScript)" });
    expect((await selectBackend("wasm")).name).toBe("wasm");
    expect(tf.tensor1d([1, 2]).add(1).dataSync()).toEqual(new Float32Array([2, 3]));
  });

  it("refuses unknown names with the known ones", async () => {
    await expect(selectBackend("webgpu" as never)).rejects.toThrow(
      'unknown backend "webgpu"; known: auto, tensorflow, wasm, cpu',
    );
  });
});
