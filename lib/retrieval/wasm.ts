/** The part of WebAssembly used here: the compiler's ES library has no types for it. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** @returns the number of pages before */
  grow(pages: number): number;
}

export type WasmModule = object;

interface WasmApi {
  Memory: new (options: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { exports: unknown };
  validate(bytes: Uint8Array): boolean;
}

export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
