import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { instantiateKernels, type KernelModule, type Kernels } from "./kernels/kernels.js";
import type { WasmMemory } from "./kernels/web-assembly.js";

interface WasmBackend {
  dataIdMap: { has(id: object): boolean; get(id: object): { memoryOffset: number } };
  wasm: { asm: { memory: WasmMemory }; _malloc(bytes: number): number; _free(at: number): void };
  makeOutput(shape: number[], dtype: "float32"): tf.TensorInfo;
}

/** Memory block in the heap; addresses are in bytes. */
export interface HeapBlock {
  at: number;
  bytes: number;
}

/**
 * The memory of tfjs's wasm backend, with our kernels working in it: tensors and blocks of our own side by side, so
 * nothing is copied between them.
 */
export class WasmHeap {
  readonly kernels: Kernels;
  readonly fusedMultiplyAdd: boolean;
  private readonly memory: WasmMemory;
  private floatView = new Float32Array(0);
  private intView = new Int32Array(0);
  private readonly scratches = new Map<string, HeapBlock>();

  constructor(
    private readonly backend: WasmBackend,
    { module, fusedMultiplyAdd }: KernelModule,
  ) {
    this.memory = backend.wasm.asm.memory;
    this.kernels = instantiateKernels(module, this.memory);
    this.fusedMultiplyAdd = fusedMultiplyAdd;
  }

  /** The whole heap as float32; index = address / 4. Not to be kept: growing the heap replaces it. */
  get floats(): Float32Array {
    if (this.floatView.buffer !== this.memory.buffer) this.floatView = new Float32Array(this.memory.buffer);
    return this.floatView;
  }

  /** The whole heap as int32; not to be kept either. */
  get ints(): Int32Array {
    if (this.intView.buffer !== this.memory.buffer) this.intView = new Int32Array(this.memory.buffer);
    return this.intView;
  }

  /** Address of a float32 tensor's values. */
  address(tensor: tf.TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** Whether a tensor's values lie in the heap. */
  holds(tensor: tf.TensorInfo): boolean {
    return this.backend.dataIdMap.has(tensor.dataId);
  }

  /** As {@link output}, for kernels of tfjs's registry, which return what they made without wrapping it. */
  outputInfo(shape: number[]): tf.TensorInfo {
    return this.backend.makeOutput(shape, "float32");
  }

  /** A new tensor with whatever lies in its memory, under the usual rules of tf.tidy. */
  output<T extends tf.Tensor>(shape: number[]): T {
    return tf.engine().makeTensorFromTensorInfo(this.outputInfo(shape)) as T;
  }

  /** A zeroed block that stays until {@link release}; null if the heap cannot grow to it. */
  allocate(floats: number): HeapBlock | null {
    const bytes = Math.max(16, floats * 4);
    if (bytes > 2 ** 32 - 2 ** 20) return null;
    let at = 0;
    try {
      at = this.backend.wasm._malloc(bytes) >>> 0;
    } catch {
      return null;
    }
    if (at === 0) return null;
    this.floats.fill(0, at / 4, at / 4 + floats);
    return { at, bytes };
  }

  release(block: HeapBlock): void {
    this.backend.wasm._free(block.at);
  }

  /** Address of a scratch block of at least `floats`, one per name; its content lasts until the next call by name. */
  scratch(name: string, floats: number): number {
    let block = this.scratches.get(name);
    if (!block || block.bytes < floats * 4) {
      if (block) this.release(block);
      const larger = this.allocate(floats * 2);
      if (!larger)
        throw new UserError(`WasmHeap: the heap must have room for ${floats} floats more, got none`);
      block = larger;
      this.scratches.set(name, block);
    }
    return block.at;
  }

  /** C[M, N] = A · B of row-major matrices at addresses; a matrix marked `turned` is stored transposed. */
  product(
    a: number,
    b: number,
    c: number,
    [M, N, K]: readonly [number, number, number],
    turned: { a?: boolean; b?: boolean } = {},
    cStride = N * 4,
  ): void {
    const panel = this.scratch("panel", 256 * 8 + 8);
    const [ars, aks] = turned.a ? [4, M * 4] : [K * 4, 4];
    const [bks, bcs] = turned.b ? [4, K * 4] : [N * 4, 4];
    this.kernels.gemm(a, ars, aks, b, bks, bcs, c, cStride, M, N, K, panel, 0);
  }
}

let loadKernels: (() => KernelModule) | null = null;

/** Where the heap's kernels come from; whoever starts the wasm backend says so, as a browser reads no files. */
export function provideKernels(load: () => KernelModule): void {
  loadKernels = load;
}

const heaps = new WeakMap<object, WasmHeap>();

/** The heap of the wasm backend if that is the backend in use and kernels were provided, else null. */
export function wasmHeap(): WasmHeap | null {
  if (loadKernels === null || tf.getBackend() !== "wasm") return null;
  const backend = tf.backend() as unknown as WasmBackend;
  let heap = heaps.get(backend);
  if (!heap) {
    heap = new WasmHeap(backend, loadKernels());
    heaps.set(backend, heap);
  }
  return heap;
}
