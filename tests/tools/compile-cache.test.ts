import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const ts = require("@tslab/typescript-for-tslab") as typeof import("typescript");
const { CompileCache } = require("../../tools/kernel/compile-cache.cjs") as {
  CompileCache: new (
    compiler: typeof ts,
    options: { folder: string; root: string; environment: string },
  ) => {
    watch<T>(builder: T): T;
    unchecked(files: readonly import("typescript").SourceFile[]): import("typescript").SourceFile[];
    transpile(
      text: string,
      transpile: () => import("typescript").TranspileOutput,
    ): import("typescript").TranspileOutput;
  };
};

let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-cells-"));
  fs.mkdirSync(path.join(root, "lib"));
  fs.writeFileSync(path.join(root, "lib/b.ts"), "export const b: number = 1;\n");
  fs.writeFileSync(path.join(root, "lib/a.ts"), 'import { b } from "./b.js";\nexport const a = b + 1;\n');
  fs.writeFileSync(path.join(root, "lib/c.ts"), "export const c = 3;\n");
  fs.writeFileSync(
    path.join(root, "cell.ts"),
    'import { a } from "./lib/a.js";\nimport { c } from "./lib/c.js";\nexport const sum = a + c;\n',
  );
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** What a kernel does with a cell: checks what must be checked, then compiles all that the cell imports. */
function runCell(environment = "1") {
  const cache = new CompileCache(ts, { folder: path.join(root, "cache"), root, environment });
  const names = ["cell.ts", "lib/a.ts", "lib/b.ts", "lib/c.ts"].map((name) => path.join(root, name));
  const options = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: 100, // bundler
    strict: true,
    rootDir: root,
    outDir: path.join(root, "out"),
    lib: ["lib.es5.d.ts"],
    types: [],
  };
  const builder = cache.watch(
    ts.createEmitAndSemanticDiagnosticsBuilderProgram(
      names,
      options,
      ts.createIncrementalCompilerHost(options),
    ),
  );
  const files = names.map((name) => builder.getSourceFile(name)!);
  const unchecked = cache.unchecked(files);
  const errors = unchecked
    .flatMap((file) => builder.getSemanticDiagnostics(file))
    .map((d) => ts.flattenDiagnosticMessageText(d.messageText, " "));
  const compiled: Record<string, string> = {};
  let transpiled = 0;
  if (errors.length === 0)
    for (const file of files)
      builder.emit(file, (name, text) => {
        const transpile = () => {
          transpiled++;
          return ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
        };
        compiled[path.relative(root, name)] = cache.transpile(text, transpile).outputText;
      });
  return {
    unchecked: unchecked.map((file) => path.relative(root, file.fileName)),
    errors,
    compiled,
    transpiled,
  };
}

describe("the compile cache of the kernel", () => {
  it("checks and compiles everything once, then only the cell, to the same code", () => {
    const first = runCell();
    expect(first).toMatchObject({
      unchecked: ["cell.ts", "lib/a.ts", "lib/b.ts", "lib/c.ts"],
      errors: [],
      transpiled: 4,
    });
    const second = runCell();
    expect(second).toMatchObject({ unchecked: ["cell.ts"], errors: [], transpiled: 1 });
    expect(second.compiled).toEqual(first.compiled);
    expect(second.compiled["out/lib/a.js"]).toContain("exports.a");
  });

  it("checks a changed file and those that import it again", () => {
    runCell();
    fs.writeFileSync(path.join(root, "lib/b.ts"), 'export const b: number = "one";\n');
    const broken = runCell();
    expect(broken.unchecked).toEqual(["cell.ts", "lib/a.ts", "lib/b.ts"]);
    expect(broken.errors).toEqual(["Type 'string' is not assignable to type 'number'."]);
    // nothing was kept of a cell that failed
    expect(runCell().errors).toHaveLength(1);
    fs.writeFileSync(path.join(root, "lib/b.ts"), "export const b: number = 2;\n");
    const mended = runCell();
    expect(mended.unchecked).toEqual(["cell.ts", "lib/a.ts", "lib/b.ts"]);
    expect(mended.compiled["out/lib/b.js"]).toContain("exports.b = 2");
  });

  it("trusts nothing from other packages or options, and no damaged entry", () => {
    runCell();
    expect(runCell("2").unchecked).toHaveLength(4);
    const folder = path.join(root, "cache");
    for (const name of fs.readdirSync(folder)) {
      const file = path.join(folder, name);
      const bytes = fs.readFileSync(file);
      bytes[bytes.length - 3]! ^= 1;
      fs.writeFileSync(file, bytes);
    }
    expect(runCell()).toMatchObject({
      unchecked: ["cell.ts", "lib/a.ts", "lib/b.ts", "lib/c.ts"],
      errors: [],
    });
  });
});
