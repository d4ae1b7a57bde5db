import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { jupyterCommand } from "../../tools/notebook.mjs";
import { addUp, countUnitTests } from "../../tools/test/count.mjs";
import { BUDGET, LISTED, overBudget, SLACK, slowestFiles } from "../../tools/test/cpu-budget.mjs";
import { nodeFolder, TESTED_NODES, withNode } from "../../tools/test/node-binary.mjs";
import { OWN_PROCESS } from "../../tools/test/own-process.mjs";
import { runScheduled } from "../../tools/test/scheduler.mjs";
import { readOptions } from "../../tools/test.mjs";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});
const report = (parts: object) =>
  JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [], ...parts });

describe("countUnitTests", () => {
  it("takes the counts of vitest's report", () => {
    const text = report({
      numPassedTests: 5,
      numFailedTests: 2,
      numPendingTests: 1,
      testResults: [file("failed", "passed", "failed", "failed"), file("passed", "passed")],
    });
    expect(countUnitTests(text, false)).toEqual({ passed: 5, failed: 2, skipped: 1 });
  });

  it("counts a test file that cannot be loaded as a failure", () => {
    const text = report({ numPassedTests: 3, testResults: [file("failed"), file("passed", "passed")] });
    expect(countUnitTests(text, false)).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it("never calls a run that ended badly passed", () => {
    expect(countUnitTests(report({ numPassedTests: 3 }), false).failed).toBe(1);
    expect(countUnitTests(null, true).failed).toBe(1);
    expect(countUnitTests('{"numPassedTests": 3', true).failed).toBe(1);
  });
});

describe("addUp", () => {
  it("counts unit tests and notebooks, and checks only when they fail", () => {
    const results = [
      { kind: "unit" as const, ok: false, passed: 10, failed: 1 },
      { kind: "check" as const, ok: true },
      { kind: "check" as const, ok: false },
      { kind: "notebook" as const, ok: true },
      { kind: "notebook" as const, ok: false },
    ];
    expect(addUp(results)).toEqual({ passed: 11, failed: 3 });
    expect(addUp([])).toEqual({ passed: 0, failed: 0 });
  });
});

describe("runScheduled", () => {
  it("keeps to the room, in order, and returns results in the order of the tasks", async () => {
    let used = 0;
    let most = 0;
    const started: number[] = [];
    const task = (id: number, weight: number, ms: number) => ({
      weight,
      run: async () => {
        started.push(id);
        used += weight;
        most = Math.max(most, used);
        await new Promise((done) => setTimeout(done, ms));
        used -= weight;
        return id;
      },
    });
    const tasks = [task(0, 2, 20), task(1, 1, 5), task(2, 1, 5), task(3, 2, 5), task(4, 1, 1)];
    expect(await runScheduled(tasks, 3)).toEqual([0, 1, 2, 3, 4]);
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(3);
  });

  it("runs a task heavier than the room alone, and ends at once without tasks", async () => {
    expect(await runScheduled([{ weight: 9, run: async () => "done" }], 3)).toEqual(["done"]);
    expect(await runScheduled([], 3)).toEqual([]);
  });
});

describe("readOptions", () => {
  it("runs all by default and only what is named otherwise", () => {
    expect(readOptions([])).toEqual({ checks: true, unit: true, notebooks: true, only: null, node: null });
    expect(readOptions(["--unit", "--node", "22"])).toEqual({
      checks: false,
      unit: true,
      notebooks: false,
      only: null,
      node: 22,
    });
    expect(readOptions(["--notebooks", "--only", "00"])).toEqual({
      checks: false,
      unit: false,
      notebooks: true,
      only: "00",
      node: null,
    });
    expect(() => readOptions(["--fast"])).toThrow("--fast");
  });
});

describe("the budget of CPU time", () => {
  const seconds = { "a.test.ts": 0.5, "b.test.ts": BUDGET + 0.1, "c.test.ts": 9, "d.test.ts": 9.5 };
  const listed = { "c.test.ts": { most: 9.2, why: "" }, "d.test.ts": { most: 9.2, why: "" } };

  it("is broken by an unlisted file far above it and by a listed one far above its own", () => {
    const slower = (factor: number) =>
      Object.fromEntries(Object.entries(seconds).map(([file, value]) => [file, value * factor]));
    expect(overBudget(slower(SLACK), listed)).toEqual([
      `b.test.ts: about ${BUDGET} CPU seconds, got ${(2.1 * SLACK).toFixed(1)}`,
      `d.test.ts: about 9.2 CPU seconds, got ${(9.5 * SLACK).toFixed(1)}`,
    ]);
    expect(overBudget(slower(0.9 * SLACK), listed)).toEqual([]);
    expect(slowestFiles(seconds, 2)).toEqual(["   9.5 s  d.test.ts", "   9.0 s  c.test.ts"]);
  });

  it("lists test files that are there", () => {
    const files = readdirSync("tests", { recursive: true, encoding: "utf8" }).map((file) => `tests/${file}`);
    for (const file of [...Object.keys(LISTED), ...Object.keys(OWN_PROCESS)]) expect(files).toContain(file);
  });
});

describe("another Node", () => {
  it("is the one that runs where it is of that version, and is found first", async () => {
    const folder = await nodeFolder(process.cwd(), Number.parseInt(process.versions.node, 10));
    expect(process.execPath.startsWith(folder)).toBe(true);
    expect(withNode("/there").PATH).toMatch(/^\/there:/);
  });

  it("is one of the tested versions", async () => {
    await expect(nodeFolder(process.cwd(), 18)).rejects.toThrow("node: must be one of 20, 22, 24, got 18");
    expect(Object.keys(TESTED_NODES)).toEqual(["20", "22", "24"]);
  });
});

describe("jupyterCommand", () => {
  const linuxRoot = { platform: "linux", root: true };

  it("offers our kernel only, and the user's own options come last", () => {
    const command = jupyterCommand(
      { python: "py", lab: true },
      ["--port=1"],
      { DISPLAY: ":0" },
      { ...linuxRoot, root: false },
    );
    expect([command[0], path.basename(command[1]!), command[2]]).toEqual([
      "py",
      "with_parent.py",
      "jupyterlab",
    ]);
    expect(command).toContain("--KernelSpecManager.allowed_kernelspecs={'tslab'}");
    expect(command.at(-1)).toBe("--port=1");
    expect(command.join(" ")).not.toMatch(/allow-root|no-browser/);
  });

  it("opens no browser without a display, and runs as root only for root", () => {
    const command = jupyterCommand({ python: "py", lab: false }, [], {}, linuxRoot);
    expect(command[2]).toBe("notebook");
    expect(command).toContain("--allow-root");
    expect(command).toContain("--no-browser");
  });
});
