import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../tools/setup/chromium.mjs";
import { shebangOf } from "../../tools/setup/jupyter.mjs";
import { nodeVersionProblem } from "../../tools/setup/node-version.mjs";
import { ensurePackages, lockMismatch } from "../../tools/setup/npm-packages.mjs";
import { findOnPath } from "../../tools/setup/python.mjs";
import { runCommand, tail } from "../../tools/setup/run-command.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-setup-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("nodeVersionProblem", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0", "100.0.0"])("accepts %s", (version) => {
    expect(nodeVersionProblem(version)).toBeNull();
  });

  it.each(["20.18.3", "18.19.0", "8.9.4", "0.12.0"])("refuses %s and says what is needed", (version) => {
    expect(nodeVersionProblem(version)).toContain(`Node ≥ 20.19 needed, got ${version}`);
  });
});

describe("lockMismatch", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0", integrity: "x" },
      "node_modules/b": { version: "2.0.0", integrity: "y", optional: true },
    },
  };

  it("accepts what npm installed, without optional packages of other platforms", () => {
    expect(
      lockMismatch(lock, { packages: { "node_modules/a": { version: "1.0.0", integrity: "x" } } }),
    ).toBeNull();
  });

  it("names what is missing, of another version, of other content, or not asked for", () => {
    const of = (packages: Record<string, { version: string; integrity: string }>) =>
      lockMismatch(lock, { packages });
    expect(of({})).toBe("node_modules/a is not installed");
    expect(of({ "node_modules/a": { version: "1.0.1", integrity: "x" } })).toBe(
      "node_modules/a should be 1.0.0, got 1.0.1",
    );
    expect(of({ "node_modules/a": { version: "1.0.0", integrity: "z" } })).toContain(
      "node_modules/a should be",
    );
    const extra = { version: "1.0.0", integrity: "x" };
    expect(of({ "node_modules/a": extra, "node_modules/c": extra })).toContain("node_modules/c is installed");
  });
});

describe("ensurePackages", () => {
  const lock = JSON.stringify({
    packages: { "": {}, "node_modules/a": { version: "1.0.0", integrity: "x" } },
  });
  const said: string[] = [];
  const ensure = () => ensurePackages(folder, (line: string) => said.push(line));

  it("takes packages installed by hand as they are, notes it, and then reads the note only", async () => {
    mkdirSync(path.join(folder, "node_modules"));
    writeFileSync(path.join(folder, "package-lock.json"), lock);
    const hidden = path.join(folder, "node_modules/.package-lock.json");
    writeFileSync(hidden, lock);
    expect(await ensure()).toBe(true);
    const note = statSync(path.join(folder, "node_modules/.qdrl-lock")).mtimeMs;
    rmSync(hidden);
    expect(await ensure()).toBe(true);
    expect(statSync(path.join(folder, "node_modules/.qdrl-lock")).mtimeMs).toBe(note);
    expect(said).toEqual([]);
  });

  it("never lets npm empty the packages behind a link", async () => {
    const real = path.join(folder, "elsewhere");
    mkdirSync(real);
    symlinkSync(real, path.join(folder, "node_modules"));
    writeFileSync(path.join(folder, "package-lock.json"), lock);
    expect(await ensure()).toBe(true);
    expect(said.splice(0)).toEqual([
      "npm packages: node_modules is a link to packages that differ from package-lock.json; left as it is",
    ]);
  });

  it("calls npm when the lock file changed, and reports its failure as false", async () => {
    mkdirSync(path.join(folder, "node_modules"));
    writeFileSync(path.join(folder, "package-lock.json"), lock);
    writeFileSync(path.join(folder, "node_modules/.qdrl-lock"), "of an older lock file");
    const npm = path.join(folder, "npm.js");
    const log = path.join(folder, "called");
    const script = `require("node:fs").writeFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(" "));`;
    const complaints: string[] = [];
    const show = console.error;
    console.error = (text: string) => complaints.push(text);
    const before = process.env.npm_execpath;
    process.env.npm_execpath = npm;
    try {
      writeFileSync(npm, `${script} console.error("registry not reachable"); process.exit(1);`);
      expect(await ensure()).toBe(false);
      expect(complaints.join("\n")).toMatch(/npm ci failed \(exit code 1\)\s+registry not reachable/);
      expect(readFileSync(log, "utf8")).toMatch(/^ci --ignore-scripts /);
      writeFileSync(npm, script);
      expect(await ensure()).toBe(true);
      rmSync(log);
      expect(await ensure()).toBe(true);
      expect(() => statSync(log)).toThrow(); // not called a second time
    } finally {
      console.error = show;
      if (before === undefined) delete process.env.npm_execpath;
      else process.env.npm_execpath = before;
    }
  });
});

describe("runCommand", () => {
  const node = (code: string, timeoutSec: number) =>
    runCommand(process.execPath, ["-e", code], { timeoutSec });

  it("keeps the output of both streams and the exit code", async () => {
    expect(await node("console.log(1); console.error(2)", 20)).toEqual({
      ok: true,
      output: expect.stringMatching(/^(1\n2|2\n1)$/),
      reason: "",
    });
    expect(await node("process.exit(7)", 20)).toMatchObject({ ok: false, reason: "exit code 7" });
    expect(await runCommand("no-such-command-here", [], { timeoutSec: 5 })).toMatchObject({
      ok: false,
      reason: "not found",
    });
  });

  it("ends a command that hangs, and what that has started", async () => {
    const file = path.join(folder, "pid");
    const grandchild = `require("fs").writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1e3)`;
    const code = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], {stdio: "inherit"}); setInterval(() => {}, 1e3)`;
    const result = await node(code, 6);
    expect(result).toMatchObject({ ok: false, reason: "no end after 6 s" });
    const pid = Number(readFileSync(file, "utf8"));
    expect(isRunning(pid)).toBe(false);
  });

  it("gives the tail of an output for messages", () => {
    expect(tail("a\n\nb\nc\n", 2)).toBe("    b\n    c");
  });
});

/** A killed process may still wait to be reaped; then it is a zombie, not running. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("looking for programs", () => {
  it("takes the first executable of that name on PATH", () => {
    const [first, second] = [path.join(folder, "1"), path.join(folder, "2")];
    for (const [place, mode] of [
      [first, 0o644],
      [second, 0o755],
    ] as const) {
      mkdirSync(place);
      writeFileSync(path.join(place, "tool"), "");
      chmodSync(path.join(place, "tool"), mode);
    }
    expect(findOnPath("tool", { PATH: `${first}${path.delimiter}${second}` })).toBe(
      path.join(second, "tool"),
    );
    expect(findOnPath("tool", { PATH: "" })).toBeNull();
  });

  it("prefers $CHROMIUM, and does not go on when it names nothing", () => {
    const file = path.join(folder, "chrome");
    writeFileSync(file, "");
    expect(findChromium({ CHROMIUM: file, PATH: "/usr/bin" })).toBe(file);
    expect(findChromium({ CHROMIUM: path.join(folder, "none"), PATH: "/usr/bin" })).toBeNull();
    writeFileSync(path.join(folder, "google-chrome"), "");
    expect(findChromium({ PATH: folder })).not.toBeNull();
  });

  it("reads which Python a script is run by", () => {
    const script = path.join(folder, "jupyter");
    writeFileSync(script, "#!/opt/py/bin/python3.11\nimport sys\n");
    expect(shebangOf(script)).toBe("/opt/py/bin/python3.11");
    writeFileSync(script, "#!/bin/sh\n");
    expect(shebangOf(script)).toBeNull();
    expect(shebangOf(null)).toBeNull();
  });
});
