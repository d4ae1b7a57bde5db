import { describe, expect, it } from "vitest";
import { cellsAsModule, namePlaces } from "../../tools/typecheck.mjs";

const notebook = JSON.stringify({
  cells: [
    { cell_type: "markdown", source: ["# Title"] },
    { cell_type: "code", source: ["let epochs = 3;\n", "let name = 1;"] },
    { cell_type: "code", source: "const wrong: string = epochs;" },
  ],
});

describe("cellsAsModule", () => {
  it("joins a notebook's code cells to one module and knows where each line comes from", () => {
    const { source, origin } = cellsAsModule(notebook);
    const lines: string[] = source.trimEnd().split("\n");
    expect(lines).toEqual([
      "export {};",
      "let epochs = 3;",
      "let name = 1;",
      "const wrong: string = epochs;",
    ]);
    expect(origin[2]).toEqual({ cell: 2, line: 2 });
    expect(origin[3]).toEqual({ cell: 3, line: 1 });
    expect(origin).toHaveLength(lines.length);
  });
});

describe("namePlaces", () => {
  it("names notebook, cell and line in what the compiler says of cells, and leaves the rest", () => {
    const origins = new Map([["01-one", cellsAsModule(notebook).origin]]);
    const said = [
      ".cache/cells/01-one.ts(4,7): error TS2322: Type 'number' is not assignable to type 'string'.",
      "lib/index.ts(4,7): error TS2307: Cannot find module.",
    ].join("\n");
    expect(namePlaces(said, origins)).toBe(
      [
        "notebooks/01-one.ipynb, cell 3, 1:7: error TS2322: Type 'number' is not assignable to type 'string'.",
        "lib/index.ts(4,7): error TS2307: Cannot find module.",
      ].join("\n"),
    );
  });
});
