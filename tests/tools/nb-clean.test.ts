import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanNotebook } from "../../tools/nb-clean.mjs";

const dirty = {
  cells: [
    { cell_type: "markdown", id: "a", metadata: { editable: true }, source: ["# Title — żółw\n", "text"] },
    {
      cell_type: "code",
      id: "b",
      metadata: { tags: ["parameters"], execution: { "iopub.status.busy": "2026-01-01" } },
      execution_count: 3,
      outputs: [{ output_type: "stream", name: "stdout", text: ["hi\n"] }],
      source: ["let epochs = 3;"],
    },
    {
      cell_type: "code",
      id: "c",
      metadata: { tags: ["injected-parameters"] },
      execution_count: 4,
      outputs: [],
      source: ["epochs = 1;"],
    },
  ],
  metadata: {
    kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" },
    language_info: { name: "typescript", version: "5.0.4", file_extension: ".ts" },
    qdrl: { ci: { epochs: 1 } },
    toc: { base_numbering: 1 },
  },
  nbformat: 4,
  nbformat_minor: 5,
};

describe("cleanNotebook", () => {
  const cleaned = cleanNotebook(JSON.stringify(dirty));
  const notebook = JSON.parse(cleaned);

  it("drops outputs, counts, injected cells and editors' metadata, and keeps the rest", () => {
    expect(notebook.cells).toEqual([
      { cell_type: "markdown", id: "a", metadata: {}, source: ["# Title — żółw\n", "text"] },
      {
        cell_type: "code",
        id: "b",
        metadata: { tags: ["parameters"] },
        execution_count: null,
        outputs: [],
        source: ["let epochs = 3;"],
      },
    ]);
    expect(notebook.metadata).toEqual({
      kernelspec: dirty.metadata.kernelspec,
      language_info: { name: "typescript", file_extension: ".ts" },
      qdrl: { ci: { epochs: 1 } },
    });
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
  });

  it("changes nothing the second time", () => {
    expect(cleanNotebook(cleaned)).toBe(cleaned);
  });

  it("writes as Jupyter does: one space, text as it is, a newline at the end", () => {
    expect(cleaned.startsWith('{\n "cells": [\n  {')).toBe(true);
    expect(cleaned).toContain("żółw");
    expect(cleaned.endsWith("}\n")).toBe(true);
  });

  it("refuses what is not a notebook, naming the file", () => {
    expect(() => cleanNotebook("{", "x.ipynb")).toThrow(/^x\.ipynb: must be JSON/);
    expect(() => cleanNotebook("{}", "x.ipynb")).toThrow('x.ipynb: must have a list "cells"');
  });
});

describe("tools/nb-clean.mjs", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-clean-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (args: string[], input?: string) =>
    spawnSync(process.execPath, ["tools/nb-clean.mjs", ...args], { encoding: "utf8", input });

  it("with --check names the notebook and how to mend it, and changes nothing", () => {
    const file = path.join(folder, "a.ipynb");
    writeFileSync(file, JSON.stringify(dirty));
    const result = run(["--check", file]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/a\.ipynb: has outputs .* run: node tools\/nb-clean\.mjs/);
    expect(readFileSync(file, "utf8")).toBe(JSON.stringify(dirty));
    expect(run([file]).status).toBe(0);
    expect(run(["--check", file]).status).toBe(0);
  });

  it("works as a git filter", () => {
    expect(run(["--stdin"], JSON.stringify(dirty)).stdout).toBe(cleanNotebook(JSON.stringify(dirty)));
  });
});
