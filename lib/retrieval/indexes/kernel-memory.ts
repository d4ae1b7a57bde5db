import { type WasmMemory, wasmApi } from "../../engine/kernels/web-assembly.js";
import { UserError } from "../../files/user-error.js";

/** A memory that several threads see; in each of them its buffer is up to date after a call of grow. */
export interface SharedMemory extends WasmMemory {
  /** @returns the number of pages before */
  grow(pages: number): number;
}

/** The first page belongs to the module itself. */
const FIRST_FREE = 65_536;
const PAGE = 65_536;
const MAX_PAGES = 65_536;

/**
 * A shared WebAssembly memory handed out in pieces, each 64-byte aligned with 64 readable bytes after its end. It grows
 * as needed, up to 4 GiB; a piece stays where it is until everything after a {@link mark} is given back.
 */
export class KernelMemory {
  readonly memory: SharedMemory;
  private next = FIRST_FREE;

  /** @param bytes  how much to reserve at once */
  constructor(bytes = 0) {
    const pages = Math.ceil((FIRST_FREE + bytes + 4096) / PAGE);
    if (pages > MAX_PAGES) throw new UserError(`KernelMemory: bytes must be below 4 GiB, got ${bytes}`);
    this.memory = new wasmApi.Memory({
      initial: pages,
      maximum: MAX_PAGES,
      shared: true,
    }) as SharedMemory;
  }

  allocate(bytes: number): number {
    const at = this.next;
    const end = at + Math.ceil(bytes / 64) * 64 + 64;
    const pages = Math.ceil(end / PAGE);
    const missing = pages - this.memory.buffer.byteLength / PAGE;
    if (pages > MAX_PAGES)
      throw new UserError(`KernelMemory.allocate: bytes must fit in 4 GiB, got ${end} in all`);
    if (missing > 0) this.memory.grow(missing);
    this.next = end;
    return at;
  }

  /** Everything allocated after this point is given back by {@link release}. */
  mark(): number {
    return this.next;
  }

  release(mark: number): void {
    this.next = mark;
  }

  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  ints(at: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, length);
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }
}
