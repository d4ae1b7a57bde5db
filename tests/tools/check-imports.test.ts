import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkImports } from "../../tools/check-imports.mjs";
import { DISKLESS, MAY_IMPORT } from "../../tools/import-rules.mjs";

let lib = "";
beforeEach(() => {
  lib = mkdtempSync(path.join(os.tmpdir(), "qdrl-lib-"));
});
afterEach(() => rmSync(lib, { recursive: true, force: true }));

/** Findings in a made-up lib, as "file:line: rule". */
function check(files: Record<string, string>): string[] {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(lib, name)), { recursive: true });
    writeFileSync(path.join(lib, name), text);
  }
  return checkImports(lib).map(({ file, line, rule }) => `${file}:${line}: ${rule}`);
}

describe("checkImports", () => {
  it("finds nothing in a tree that keeps the rules", () => {
    const findings = check({
      "engine/random.ts": "export const seed = 1;",
      "files/atomic-write.ts": 'import fs from "node:fs";\nexport const write = fs.writeFileSync;',
      "losses/a.ts":
        'import { seed } from "../engine/random.js";\nimport { b } from "./b.js";\nexport const a = seed + b;',
      "losses/b.ts": 'import path from "node:path";\nexport const b = path.sep.length;',
      "tracking/log.ts":
        'import { write } from "../files/atomic-write.js";\nimport fs from "node:fs/promises";\nexport const log = [write, fs];',
    });
    expect(findings).toEqual([]);
  });

  it("refuses an import against the direction, also of types, re-exported, dynamic or as import type", () => {
    const findings = check({
      "encoders/tower.ts": "export interface Tower { dim: number }",
      "losses/a.ts": 'import type { Tower } from "../encoders/tower.js";\nexport type T = Tower;',
      "losses/b.ts": '\nexport * from "../encoders/tower.js";',
      "losses/c.ts": 'export const load = () => import("../encoders/tower.js");',
      "losses/d.ts": 'export type T = import("../encoders/tower.js").Tower;',
    });
    const rule = 'losses may import config, files, engine, negatives, got encoders ("../encoders/tower.js")';
    expect(findings).toEqual([
      `losses/a.ts:1: ${rule}`,
      `losses/b.ts:2: ${rule}`,
      `losses/c.ts:1: ${rule}`,
      `losses/d.ts:1: ${rule}`,
    ]);
  });

  it("finds circles, each once, with the whole way round", () => {
    const findings = check({
      "losses/a.ts": 'import { b } from "./b.js";\nexport const a = () => b;',
      "losses/b.ts": 'import { c } from "./c.js";\nexport const b = () => c;',
      "losses/c.ts": '\nimport { a } from "./a.js";\nexport const c = () => a;',
      "losses/self.ts": 'import { s } from "./self.js";\nexport const t = () => s;\nexport const s = 1;',
    });
    expect(findings).toEqual([
      "losses/a.ts:1: files import each other in a circle: losses/a.ts → losses/b.ts → losses/c.ts → losses/a.ts",
      "losses/self.ts:1: files import each other in a circle: losses/self.ts → losses/self.ts",
    ]);
  });

  it("refuses folder imports, missing or wrong extensions, files that are not there and ways out of lib", () => {
    const findings = check({
      "engine/index.ts": "export const x = 1;",
      "engine/y.ts": "export const y = 1;",
      "losses/a.ts": [
        'import { x } from "../engine";',
        'import { y } from "../engine/y";',
        'import { z } from "../engine/y.ts";',
        'import { w } from "../engine/w.js";',
        'import { v } from "../../tools/setup.mjs";',
        "export const all = [x, y, z, w, v];",
      ].join("\n"),
    });
    expect(findings).toEqual([
      'losses/a.ts:1: imports end in the file\'s name with .js, no folders, got "../engine"',
      'losses/a.ts:2: imports end in the file\'s name with .js, no folders, got "../engine/y"',
      'losses/a.ts:3: imports end in .js, got "../engine/y.ts"',
      'losses/a.ts:4: no such file: "../engine/w.js"',
      'losses/a.ts:5: lib imports packages and lib only, got "../../tools/setup.mjs"',
    ]);
  });

  it("refuses what tslab cannot run, but not the same words in text and comments", () => {
    const findings = check({
      "losses/a.ts": [
        "// import.meta, __dirname and require('x') in a comment",
        'export const text = "import.meta __dirname";',
        "export const a = import.meta.url;",
        "export const b = __dirname;",
        'export const c = require("node:path");',
      ].join("\n"),
    });
    expect(findings.map((finding) => finding.split(":")[1])).toEqual(["3", "4", "5"]);
  });

  it("lets only some folders touch the disk", () => {
    const findings = check({
      "datasets/a.ts": 'import fs from "node:fs";\nexport const a = fs;',
      "engine/kernels/load.ts": 'import fs from "node:fs";\nexport const a = fs;',
      "metrics/a.ts": 'import { readFileSync } from "fs";\nexport const a = readFileSync;',
      "engine/other.ts": 'import { readFile } from "node:fs/promises";\nexport const a = readFile;',
    });
    const who = `${DISKLESS.join(", ")} must not touch the disk`;
    expect(DISKLESS).toContain("losses");
    expect(findings).toEqual([
      `engine/other.ts:1: ${who}, got node:fs/promises in engine`,
      `metrics/a.ts:1: ${who}, got fs in metrics`,
    ]);
  });

  it("knows every folder of lib", () => {
    const folders = readdirSync("lib", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) expect(Object.keys(MAY_IMPORT)).toContain(name);
    const findings = check({
      "widgets/a.ts": 'import { b } from "../engine/b.js";\nexport const a = b;',
      "engine/b.ts": "export const b = 1;",
    });
    expect(findings[0]).toContain('unknown folder "widgets"; known: config, files, engine,');
  });

  it("exits with 1 and names file and line on the command line", () => {
    check({ "losses/a.ts": 'import fs from "node:fs";\nexport const a = fs;' });
    const result = spawnSync(process.execPath, ["tools/check-imports.mjs", lib], { encoding: "utf8" });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/losses\/a\.ts:1: .* must not touch the disk/);
  });
});
