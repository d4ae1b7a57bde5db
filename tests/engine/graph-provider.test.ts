import { afterEach, describe, expect, it, vi } from "vitest";
import { checkProvider, memoryFault, providerFault } from "../../lib/engine/graph-provider.js";
import { jit } from "../../lib/engine/jit/jit.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { tinyDataset } from "../support/tiny-dataset.js";

afterEach(() => vi.restoreAllMocks());

describe("a provider of ONNX Runtime", () => {
  it("is refused under an unknown name, with the known ones, in code and in a configuration", () => {
    const rule = 'provider: must be one of cpu, webgpu, cuda, got "vulkan"';
    expect(() => checkProvider("vulkan")).toThrow(rule);
    expect(() => jit((x) => x, { provider: "vulkan" as never })).toThrow(rule);
    expect(() => loadConfig(tinyDataset().config(), ["provider=vulkan"])).toThrow(/provider.*webgpu/);
  });

  // what ONNX Runtime 1.30 says, word for word
  it.each([
    [
      "webgpu",
      "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n",
      /^provider webgpu: a Vulkan driver must be installed, found none \(.*\); provider: cpu needs none$/,
    ],
    [
      "cuda",
      "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library",
      /^provider cuda: /,
    ],
    [
      "cpu",
      "Load model failed: Protobuf parsing failed.\nmore",
      /^provider cpu: must take the graph, got: Load model failed: Protobuf parsing failed\.$/,
    ],
    [
      "cuda",
      "Failed to allocate memory for requested buffer of size 34359738368",
      /^provider cuda: a step must fit in memory \(a smaller batch_size, or update.chunk_size, makes it smaller\), got: Failed to allocate/,
    ],
  ] as const)("%s says in one line why its session did not open", (provider, said, line) => {
    const { name, message } = providerFault(provider, new Error(said));
    expect(name).toBe("UserError");
    expect(message).toMatch(line);
    expect(message).not.toContain("\n");
  });
});

describe("memoryFault", () => {
  it.each([
    "OOM when allocating tensor with shape[4096,4096] and type float on /job:localhost/replica:0/task:0/device:GPU:0",
    "Non-zero status code returned while running MatMul node. bfc_arena.cc:376 Available memory of 1024 is smaller than requested bytes of 2048",
    "std::bad_alloc",
    "Array buffer allocation failed",
    "Aborted(). Build with -sASSERTIONS for more info.",
    "Cannot enlarge memory arrays to size 4295032832 bytes (OOM)",
  ])("knows that %s is a lack of memory", (said) => {
    expect(memoryFault(new Error(said), "training")!.message).toBe(
      `training: a step must fit in memory (a smaller batch_size, or update.chunk_size, makes it smaller), got: ${said.slice(0, 200)}`,
    );
  });

  it.each(["Invalid TF_Status: 3", "x is not a function", "batch must have feature memory"])(
    "leaves %s alone",
    (said) => {
      expect(memoryFault(new Error(said), "training")).toBeNull();
    },
  );
});
