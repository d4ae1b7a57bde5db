import { UserError } from "../files/user-error.js";

/**
 * Zeroed float32 numbers, as many as a configuration asks for.
 *
 * @param what  the layer or table, for the message
 * @throws UserError where they do not fit in memory, in place of the engine's "Invalid typed array length"
 */
export function allocateFloats(count: number, what: string): Float32Array {
  return allocated(() => new Float32Array(count), count, what);
}

/** {@link allocateFloats} for ids. */
export function allocateIds(count: number, what: string): Int32Array {
  return allocated(() => new Int32Array(count), count, what);
}

function allocated<T>(make: () => T, count: number, what: string): T {
  try {
    return make();
  } catch {
    throw new UserError(
      `${what}: must fit in memory, got ${count} numbers (${((count * 4) / 1e9).toFixed(1)} GB)`,
    );
  }
}
