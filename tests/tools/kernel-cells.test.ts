import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const { mendCell } = require("../../tools/kernel/cell-source.cjs") as {
  mendCell: (source: string) => string;
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
