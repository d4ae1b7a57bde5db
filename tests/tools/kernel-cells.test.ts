import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";
import { describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const { mendCell } = require("../../tools/kernel/cell-source.cjs") as {
  mendCell: (source: string) => string;
};
const cellLines = require("../../tools/kernel/cell-lines.cjs") as {
  begin(number: number): void;
  converted(source: string, output: string): void;
  typedLine(name: string, line: number): number | null;
  readableFrames(lines: string[]): string[];
};
const { describe: report } = require("../../tools/kernel/error-messages.cjs") as {
  describe: (thrown: unknown) => { ename: string; evalue: string; stack: string };
};

describe("mendCell", () => {
  it.each([
    ["const o = { epochs, n: 1 };", "const o = { epochs: epochs, n: 1 };"],
    ["({ a = 1, b } = o);", "({ a: a = 1, b: b } = o);"],
    ["const { a, b } = o;", "const { a, b } = o;"],
    ["for await (const x of y) {}", "await 0; for await (const x of y) {}"],
    ["await z; for await (const x of y) {}", "await z; for await (const x of y) {}"],
    [
      "async function f() { for await (const x of y) {} }",
      "async function f() { for await (const x of y) {} }",
    ],
    ["await (async () => 1)();", "await Promise.resolve((async () => 1)());"],
    ['import a from "b"; await (a)(1).c;', 'import a from "b"; await Promise.resolve((a)(1).c);'],
    ["await (f)(await (g), { z })", "await Promise.resolve((f)(await Promise.resolve((g)), { z: z }))"],
    ["async () => { await (1); }", "async () => { await (1); }"],
    ["await f();", "await f();"],
    ['import { train } from "qdrl";', 'import { train } from "./lib/index.js";'],
    ['import { connect } from "qdrl/client";', 'import { connect } from "./lib/client/client.js";'],
    ['const q = await import("qdrl");', 'const q = await import("./lib/index.js");'],
    ['const q = "qdrl";', 'const q = "qdrl";'],
  ])("turns %s into %s", (source, expected) => {
    expect(mendCell(source)).toBe(expected);
  });

  it("keeps line numbers", () => {
    const source = "const a = {\n  b,\n};\nfor await (const c of d) {\n}\n";
    expect(mendCell(source).split("\n")).toHaveLength(source.split("\n").length);
  });
});

describe("lines of cells", () => {
  const typed = [
    "interface Pair { query: string }",
    "",
    "const twice = (x: number): number => 2 * x;",
    "function fail(pair: Pair): never {",
    "",
    "  // a remark",
    "  throw new Error(pair.query);",
    "}",
    "twice(",
    "  2,",
    ");",
    'fail({ query: "no" });',
  ].join("\n");
  /** What tslab makes of it: no types, no empty lines, lines of exports between. */
  const output = [
    'Object.defineProperty(exports, "__esModule", { value: true });',
    "exports.fail = exports.twice = void 0;",
    "const twice = (x) => 2 * x;",
    "exports.twice = twice;",
    "function fail(pair) {",
    "    // a remark",
    "    throw new Error(pair.query);",
    "}",
    "exports.fail = fail;",
    "twice(2);",
    'exports.tsLastExpr = fail({ query: "no" });',
    "",
  ].join("\n");

  it("are those that were typed, in the author's own frames and through packages", () => {
    cellLines.begin(7);
    cellLines.converted(typed, output);
    expect([3, 7, 10, 11].map((line) => cellLines.typedLine("cell 7", line))).toEqual([3, 7, 9, 12]);
    expect([1, 4, 99].map((line) => cellLines.typedLine("cell 7", line))).toEqual([null, null, null]);
    let thrown: unknown;
    try {
      runInThisContext(`(function (exports) { ${output}\n})`, { filename: "cell 7" })({});
    } catch (error) {
      thrown = error;
    }
    const { evalue, stack } = report(thrown);
    expect(evalue).toBe("no");
    expect(stack).toContain("at fail (cell 7, line 7)");
    expect(stack).toContain("at cell 7, line 12");
    const deep = Array.from({ length: 9 }, (_, i) => `    at op${i} (/a/node_modules/tfjs/dist/${i}.js:1:1)`);
    expect(cellLines.readableFrames(["Error: shapes", ...deep, "    at loss (cell 7:7:11)"])).toEqual([
      "Error: shapes",
      ...deep.slice(0, 3),
      "    at loss (cell 7, line 7)",
    ]);
  });
});

describe("errors of cells", () => {
  it("carry name, message and the author's own frames", () => {
    const { ename, evalue, stack } = report(new RangeError("k must be positive, got 0"));
    expect([ename, evalue]).toEqual(["RangeError", "k must be positive, got 0"]);
    expect(stack).toContain("kernel-cells.test.ts");
    expect(stack).not.toContain("node:internal");
  });

  it("show the cause, and what was thrown when it is no error", () => {
    expect(report(new Error("outer", { cause: new Error("inner") })).stack).toContain("inner");
    expect(report("just text").evalue).toBe("just text");
    expect(report({ code: 7 }).evalue).toBe("{ code: 7 }");
    expect(report(undefined).evalue).toBe("undefined");
  });
});
