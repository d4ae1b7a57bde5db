import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findPython } from "../../tools/setup/python.mjs";

const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-attached-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(holds: () => boolean, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (!holds() && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  return holds();
}

/** Waits for the number that a grandchild writes into a file. */
async function numberIn(file: string): Promise<number> {
  const read = () => {
    try {
      return Number(readFileSync(file, "utf8"));
    } catch {
      return 0;
    }
  };
  await until(() => read() > 0, 20);
  return read();
}

const attached = path.resolve("tools/run-attached.mjs");

function parentOf(child: string, args: string[]): ChildProcess {
  const script = `import { runAttached } from ${JSON.stringify(attached)};
process.exitCode = await runAttached(${JSON.stringify(child)}, ${JSON.stringify(args)});`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
}

describe("runAttached", { timeout: 60_000 }, () => {
  const nodeChild = (file: string) => [
    "--input-type=module",
    "-e",
    `import { endWithStarter } from ${JSON.stringify(attached)};
import { writeFileSync } from "node:fs";
endWithStarter();
writeFileSync(${JSON.stringify(file)}, String(process.pid));
setInterval(() => {}, 1000);`,
  ];

  for (const signal of ["SIGTERM", "SIGHUP", "SIGKILL"] as const)
    it(`leaves no child behind on ${signal}`, async () => {
      const file = path.join(folder, signal);
      const parent = parentOf(process.execPath, nodeChild(file));
      const pid = await numberIn(file);
      expect(isThere(pid)).toBe(true);
      parent.kill(signal);
      expect(await until(() => !isThere(pid), 20)).toBe(true);
    });

  it("gives the child's exit code, or a shell's after a signal", async () => {
    const code = (script: string) =>
      new Promise((done) => parentOf("sh", ["-c", script]).on("close", (exit) => done(exit)));
    expect(await code("exit 7")).toBe(7);
    expect(await code("kill -TERM $$")).toBe(143);
  });
});

describe("with_parent.py", { timeout: 60_000 }, () => {
  it("ends a module, and the workers of a pool that catch SIGTERM, with a killed parent", async () => {
    const python = (await findPython())!;
    const file = path.join(folder, "pool");
    const module = path.join(folder, "pool_of_one.py");
    writeFileSync(
      module,
      `import os, signal, sys, time
sys.path.insert(0, ${JSON.stringify(path.resolve("tools"))})
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from with_parent import end_with, end_with_starter

def work(file):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(file, "w") as out:
        out.write(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    end_with_starter()
    with ProcessPoolExecutor(1, get_context("spawn"), end_with, (os.getpid(), True)) as pool:
        pool.submit(work, sys.argv[1])
`,
    );
    const parent = parentOf(python, [module, file]);
    const worker = await numberIn(file);
    expect(isThere(worker)).toBe(true);
    parent.kill("SIGKILL");
    expect(await until(() => !isThere(worker), 30)).toBe(true);
  });
});
