import { hasNvidiaDriver } from "../files/nvidia-driver.js";
import { UserError } from "../files/user-error.js";

/** Where ONNX Runtime runs graphs, as configurations name it. */
export const GRAPH_PROVIDERS = ["cpu", "webgpu", "cuda"] as const;

export type GraphProvider = (typeof GRAPH_PROVIDERS)[number];

/** @throws UserError for an unknown name, with the known ones */
export function checkProvider(provider: string): asserts provider is GraphProvider {
  if (!GRAPH_PROVIDERS.includes(provider as GraphProvider))
    throw new UserError(`provider: must be one of ${GRAPH_PROVIDERS.join(", ")}, got "${provider}"`);
}

/**
 * What a process must set before its first session with a provider.
 *
 * @throws UserError where there is no driver to ask, about which ONNX Runtime would say more than a line
 */
export function prepareProvider(provider: GraphProvider): void {
  if (provider === "cuda" && !hasNvidiaDriver())
    throw new UserError(`provider cuda: ${whyNoCuda("no driver")}`);
  // the library that asks Vulkan for a device calls for a folder of its own, which services and containers lack
  if (provider === "webgpu" && process.platform === "linux") process.env["XDG_RUNTIME_DIR"] ??= "/tmp";
}

/**
 * Why a session of a provider did not open, in one line that says what to do. ONNX Runtime's own words are file names and
 * assertions.
 */
export function providerFault(provider: GraphProvider, error: unknown): UserError {
  const said = (error instanceof Error ? error.message : String(error)).trim().split("\n")[0]!;
  const memory = memoryFault(error, `provider ${provider}`);
  if (memory) return memory;
  if (provider === "webgpu" && /adapter|vulkan|webgpu/i.test(said))
    return new UserError(
      "provider webgpu: a Vulkan driver must be installed, found none (libvulkan.so.1 and a driver in /usr/share/vulkan/icd.d or VK_ICD_FILENAMES; in a container with an NVIDIA GPU its driver comes with the capability graphics); provider: cpu needs none",
    );
  if (provider === "cuda" && /shared library|cuda/i.test(said))
    return new UserError(`provider cuda: ${whyNoCuda(said)}`);
  return new UserError(`provider ${provider}: must take the graph, got: ${said}`);
}

function whyNoCuda(said: string): string {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `must run on Linux on x64, got ${process.platform} on ${process.arch}`;
  if (!hasNvidiaDriver()) return "an NVIDIA driver must be loaded, found none; provider: cpu needs none";
  return `its library must load (npm run native -- cuda fetches it and says what is missing), got: ${said}`;
}

/** Words of ONNX Runtime, TensorFlow, WebAssembly and JavaScript for one thing; "Aborted()" is a kernel of wasm without memory. */
const NO_MEMORY =
  /^Aborted\(\)|out of memory|OOM when allocating|bad_alloc|failed to allocate|allocation failed|Available memory of .* is smaller|Cannot enlarge memory|could not allocate|unable to grow/i;

/**
 * An error of a step or session that had too little memory, in one line that says what helps; null for any other error.
 *
 * @param where  what ran
 */
export function memoryFault(error: unknown, where: string): UserError | null {
  const said = (error instanceof Error ? error.message : String(error)).trim().split("\n")[0]!;
  if (!NO_MEMORY.test(said) || error instanceof UserError) return null;
  return new UserError(
    `${where}: a step must fit in memory (a smaller batch_size, or update.chunk_size, makes it smaller), got: ${said.slice(0, 200)}`,
  );
}
