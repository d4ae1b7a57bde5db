import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { expect } from "vitest";

/** What changes a file or a folder. */
const WRITES = [
  "openSync",
  "writeSync",
  "appendFileSync",
  "writeFileSync",
  "renameSync",
  "rmSync",
  "mkdirSync",
  "ftruncateSync",
] as const;

type Call = (...args: unknown[]) => unknown;
const functions = fs as unknown as Record<string, Call>;
class Death extends Error {}

/**
 * Does work whose process dies at its write number `dieAt` (from 0; Infinity: never): of what is written there half
 * arrives, and from then on nothing changes any more, whatever is still tried.
 *
 * @returns a name for each write: the function and the kind of file
 */
export async function dyingAt(dieAt: number, work: () => Promise<unknown>): Promise<string[]> {
  const real = Object.fromEntries(WRITES.map((name) => [name, functions[name]!]));
  const names = new Map<number, string>(); // of open files
  const writes: string[] = [];
  let dead = false;
  let inside = false; // some of the functions call others
  const call = (name: string, args: unknown[]) => {
    inside = true;
    try {
      return real[name]!(...args);
    } finally {
      inside = false;
    }
  };
  for (const name of WRITES)
    functions[name] = (...args) => {
      const reads = name === "openSync" && (args[1] === undefined || args[1] === "r");
      if (reads || inside) return real[name]!(...args);
      if (dead) throw new Death();
      const [target, data, ...rest] = args;
      const file = typeof target === "number" ? names.get(target)! : path.basename(String(target));
      dead = writes.length === dieAt;
      writes.push(`${name} ${file.replace(/[0-9a-f]{12,16}|\d+/g, "#")}`);
      if (!dead) {
        const result = call(name, args);
        if (name === "openSync") names.set(result as number, file);
        return result;
      }
      if (name === "writeSync")
        call(name, [target, data, rest[0], (rest[1] as number) >> 1, ...rest.slice(2)]);
      else if (typeof data === "string" || data instanceof Uint8Array)
        call(name, [target, data.slice(0, data.length >> 1), ...rest]);
      throw new Death();
    };
  syncBuiltinESMExports();
  try {
    await work();
  } catch (error) {
    if (!dead) throw error;
  } finally {
    Object.assign(functions, real);
    syncBuiltinESMExports();
  }
  expect(dead, `write ${dieAt} of ${writes.length} came`).toBe(dieAt !== Infinity);
  return writes;
}
