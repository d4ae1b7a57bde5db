import { UserError } from "../../files/user-error.js";
import { type HeapBlock, type WasmHeap, wasmHeap } from "../wasm-heap.js";

/** `count` float32 numbers, all zero at first, in the wasm backend's heap where that is in use and has room. */
export class FloatStorage {
  private readonly heap: WasmHeap | null;
  private block: HeapBlock | null;
  private array: Float32Array;

  /** @throws RangeError if there is no memory for it */
  constructor(readonly count: number) {
    this.heap = wasmHeap();
    this.block = this.heap?.allocate(count) ?? null;
    this.array = this.block ? new Float32Array(0) : allocateArray(count);
  }

  /** The numbers, live. Fetch it again after anything that may allocate: a growing heap moves to another buffer. */
  get floats(): Float32Array {
    if (this.block) {
      const all = this.heap!.floats;
      if (this.array.buffer !== all.buffer)
        this.array = all.subarray(this.block.at / 4, this.block.at / 4 + this.count);
    }
    return this.array;
  }

  /** Address in `heap`; null if the numbers lie elsewhere. */
  addressIn(heap: WasmHeap | null): number | null {
    return heap !== null && heap === this.heap && this.block ? this.block.at : null;
  }

  release(): void {
    if (this.block) this.heap!.release(this.block);
    this.block = null;
    this.array = new Float32Array(0);
  }
}

function allocateArray(count: number): Float32Array {
  try {
    return new Float32Array(count);
  } catch {
    throw new UserError(
      `FloatStorage: numbers must fit in memory, got ${count} (${((count * 4) / 1e9).toFixed(1)} GB)`,
    );
  }
}
