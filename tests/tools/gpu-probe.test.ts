import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { findVulkan } from "../../tools/gpu/vulkan.mjs";

const driver = findVulkan({ software: true });
if (!driver) console.log("WebGPU provider not tested: no Chromium with a software Vulkan driver here");

function probe(provider: string, env: Record<string, string>) {
  const args = ["--import", "tsx", "tools/gpu/probe.ts", provider];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, ...env } });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

describe("ONNX Runtime's providers", () => {
  it.skipIf(!driver)(
    "webgpu runs a product and every kernel of a traced step with its gradients, as tfjs on the CPU would",
    () => {
      const { fault, product, step, kernels } = probe("webgpu", driver!.env);
      expect(fault).toBeUndefined();
      expect(product).toBeLessThan(1e-5); // float32 sums of 48 products in another order
      expect(step).toBeLessThan(1e-5);
      expect(Object.keys(kernels)).toEqual(["WebGpuExecutionProvider"]);
      expect(kernels.WebGpuExecutionProvider).toBeGreaterThan(20);
    },
  );

  it("say in one line which driver is missing", () => {
    const none = { VK_ICD_FILENAMES: "/none.json", VK_DRIVER_FILES: "/none.json", LD_LIBRARY_PATH: "" };
    expect(probe("webgpu", none).fault).toMatch(
      /^provider webgpu: a Vulkan driver must be installed, found none/,
    );
    const { fault } = probe("cuda", none);
    if (fault)
      expect(fault).toMatch(
        /^provider cuda: (an NVIDIA driver must be loaded, found none|its library must load)/,
      );
  });
});
