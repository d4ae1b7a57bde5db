import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type Attempt, RunQueue } from "../../lib/cluster/run-queue.js";
import { FolderObjects } from "../../lib/files/objects/folder-objects.js";

const LEASE = 20_000;
const request = { config: { task_id: "e" }, device: "cpu", maxAttempts: 3 };
let now = 0;
const pass = (ms: number) => void (now += ms);

/** Queues of several processes, each with its own memory, on one folder. */
function queues(count: number, pauseMs = 0): RunQueue[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-queue-"));
  return Array.from(
    { length: count },
    () => new RunQueue(new FolderObjects(folder), { leaseMs: LEASE, pauseMs, nowMs: () => now }),
  );
}

async function claimed(queue: RunQueue, worker = "w"): Promise<Attempt> {
  const attempt = await queue.claim(worker);
  if (attempt === null) throw new Error("nothing to claim");
  return attempt;
}

describe("RunQueue", () => {
  it("gives each run to one of many workers that ask at once", async () => {
    const [first, ...others] = queues(5) as [RunQueue, ...RunQueue[]];
    const ids = Array.from({ length: 12 }, (_, i) => `e/run-${i}`);
    for (const id of ids) expect(await first.create(id, request)).toBe(true);
    expect(await first.create("e/run-3", { ...request, maxAttempts: 1 })).toBe(false);
    const got = await Promise.all(
      [first, ...others].map(async (queue, i) => {
        const mine: string[] = [];
        for (let run = await queue.claim(`w${i}`); run; run = await queue.claim(`w${i}`)) mine.push(run.id);
        return mine;
      }),
    );
    expect(got.flat().sort()).toEqual([...ids].sort());
    expect(await first.ids("e")).toEqual([...ids].sort());
  });

  it("takes a run over only when its worker has been silent for a lease of the watcher's clock", async () => {
    const [worker, watcher] = queues(2) as [RunQueue, RunQueue];
    await worker.create("e/a", request);
    const old = await claimed(worker);
    expect(await watcher.claim("v")).toBeNull();
    for (let i = 0; i < 4; i++) {
      pass(LEASE / 2);
      expect(await worker.beat(old)).toBe("go on");
      expect(await watcher.claim("v")).toBeNull(); // alive, for longer than a lease
    }
    pass(LEASE * 1.5);
    const next = await claimed(watcher, "v");
    expect(next.number).toBe(2);
    // what the old attempt says now is not heard
    expect(await worker.beat(old)).toBe("lost");
    expect(await worker.end(old, { code: 42, message: "bad" })).toBe("lost");
    expect(await watcher.end(next, { code: 0, message: "" })).toBe("FINISHED");
    expect(await worker.get("e/a")).toMatchObject({ state: "FINISHED", attempt: 2, message: null });
    expect(await watcher.claim("v")).toBeNull();
  });

  it("tries again after a failure until attempts run out, and never after 42", async () => {
    const [queue] = queues(1) as [RunQueue];
    await queue.create("e/a", request);
    await queue.create("e/b", request);
    const ends: string[] = [];
    for (let attempt = await queue.claim("w"); attempt; attempt = await queue.claim("w"))
      ends.push(
        `${attempt.id} ${attempt.number} ${await queue.end(attempt, { code: attempt.id === "e/b" ? 42 : 1, message: "why" })}`,
      );
    expect(ends.sort()).toEqual(["e/a 1 STARTED", "e/a 2 STARTED", "e/a 3 FAILED", "e/b 1 FAILED"]);
    expect(await queue.get("e/b")).toMatchObject({ state: "FAILED", message: "why" });
  });

  it("waits between failures twice as long each time, and does not count workers that were lost or told to stop", async () => {
    const [queue, other] = queues(2, 80) as [RunQueue, RunQueue];
    await queue.create("e/a", { ...request, maxAttempts: 2 });
    await queue.release(await claimed(queue));
    expect((await claimed(queue)).number).toBe(2); // and is lost
    expect(await other.claim("v")).toBeNull();
    pass(LEASE * 1.5);
    const third = await claimed(other);
    expect(await other.end(third, { code: 1, message: "first" })).toBe("STARTED");
    pass(70);
    expect(await queue.claim("w")).toBeNull();
    pass(20);
    expect(await queue.end(await claimed(queue), { code: 1, message: "second" })).toBe("FAILED");
    expect(await other.get("e/a")).toMatchObject({ state: "FAILED", attempt: 4, message: "second" });
  });

  it("gives a run up that ends its workers again and again", async () => {
    const [queue] = queues(1) as [RunQueue];
    await queue.create("e/a", { ...request, maxAttempts: 1 });
    let attempts = 0;
    for (; (await queue.get("e/a"))?.state !== "FAILED"; pass(LEASE * 1.5))
      if (await queue.claim("w")) attempts++;
    expect([attempts, (await queue.get("e/a"))?.message]).toEqual([101, "its worker was lost 100 times"]);
  });

  it("cancels what waits at once and what runs with its next beat; asked for by name, it begins again", async () => {
    const [queue] = queues(1) as [RunQueue];
    await queue.create("e/a", request);
    await queue.create("e/b", request);
    const running = await claimed(queue);
    for (const id of ["e/a", "e/b"]) await queue.cancel(id);
    expect(await queue.get("e/b")).toMatchObject({ state: "FAILED", message: "cancelled", attempt: 0 });
    expect(await queue.get("e/a")).toMatchObject({ state: "STARTED", cancelled: true });
    expect(await queue.beat(running)).toBe("cancel");
    expect(await queue.end(running, { code: 1, message: "killed" })).toBe("FAILED");
    expect(await queue.claim("w")).toBeNull();
    const again = (await queue.take("e/a", "w")) as Attempt;
    expect(again.number).toBe(2);
    expect(await queue.beat(again)).toBe("go on");
    expect(await queue.take("e/a", "v")).toBe("held");
    await queue.release(again);
    expect(await queue.take("e/a", "v")).toMatchObject({ number: 3 });
  });

  it("gives work to those only who have the device, and forgets what is removed", async () => {
    const [queue] = queues(1) as [RunQueue];
    await queue.create("e/a", { ...request, device: "cuda" });
    expect(await queue.claim("w")).toBeNull();
    expect(await queue.claim("w", ["cpu", "cuda"])).toMatchObject({ id: "e/a", number: 1 });
    await queue.remove("e/a");
    expect([await queue.get("e/a"), await queue.ids(), await queue.objects.list("")]).toEqual([null, [], []]);
    await expect(queue.take("e/a", "w")).rejects.toThrow('queue: must know the run, got "e/a"');
    await expect(queue.create("e/../x", request)).rejects.toThrow(/run: must be <experiment>\/<run>/);
  });
});
