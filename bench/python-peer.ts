import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

/** A Python process that answers one line of JSON to each line it is given. */
export interface PythonPeer {
  ask<T>(line: string): Promise<T>;
  stop(): void;
}

/**
 * Starts `script` where `python` can import `module`; says so and returns null where it cannot.
 *
 * @param threads of its pools: OpenMP's and OpenBLAS'
 */
export async function pythonPeer(
  script: string,
  args: readonly (string | number)[],
  { python, module, threads }: { python: string; module: string; threads: number },
): Promise<PythonPeer | null> {
  if (spawnSync(python, ["-c", `import ${module}`]).status !== 0) {
    console.log(`${python} has no ${module}: its side is left out`);
    return null;
  }
  const pools = { OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
  const child = spawn(python, [script, ...args.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...pools },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended without an answer`);
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}

/** Debian's Python, or whichever QDRL_TORCH_PYTHON names: the one that has torch. */
export const torchPython = process.env["QDRL_TORCH_PYTHON"] ?? "/usr/bin/python3";
