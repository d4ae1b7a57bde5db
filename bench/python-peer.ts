import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

/** A Python process that answers one line of JSON to each line it is given. */
export interface PythonPeer {
  ask<T>(line: string): Promise<T>;
  stop(): void;
}

/** What a peer's process is started with. */
interface PeerOptions {
  python: string;
  /** must be there to be imported */
  module: string;
  threads: number;
  /** a line that is answered with `wall`, the seconds that it took: the same work that is measured */
  probe: string;
}

/**
 * Starts `script` where `python` can import `module`; says so and returns null where it cannot. PyTorch's threads and OpenBLAS'
 * are two pools that get into each other's way, so with several threads each setting of them answers the probe twice, and the one whose
 * second answer is quickest stays.
 */
export async function pythonPeer(
  script: string,
  args: readonly (string | number)[],
  { python, module, threads, probe }: PeerOptions,
): Promise<PythonPeer | null> {
  if (spawnSync(python, ["-c", `import ${module}`]).status !== 0) {
    console.log(`${python} has no ${module}: its side is left out`);
    return null;
  }
  const settings =
    threads === 1
      ? [[1, 1]]
      : [
          [threads, threads],
          [threads, 1],
          [1, threads],
          [1, 1],
        ];
  let best: { peer: PythonPeer; wall: number; pools: number[] } | null = null;
  for (const pools of settings) {
    const peer = startPeer(python, script, args, pools as [number, number]);
    await peer.ask(probe);
    const { wall } = await peer.ask<{ wall: number }>(probe);
    if (best && best.wall <= wall) peer.stop();
    else {
      best?.peer.stop();
      best = { peer, wall, pools };
    }
  }
  const [torch, blas] = best!.pools;
  if (threads > 1)
    console.log(`${module} is quickest with ${torch} threads of its own and ${blas} of OpenBLAS`);
  return best!.peer;
}

function startPeer(
  python: string,
  script: string,
  args: readonly (string | number)[],
  [torch, blas]: [number, number],
): PythonPeer {
  const child = spawn(python, [script, ...args.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, OMP_NUM_THREADS: `${torch}`, OPENBLAS_NUM_THREADS: `${blas}` },
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
