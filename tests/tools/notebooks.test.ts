import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLOTLY_MIN } from "../../tools/plotly-min.mjs";
import { findJupyter } from "../../tools/setup/jupyter.mjs";

interface Summary {
  notebook: string;
  ok: boolean;
  error: string | null;
  cell: number | null;
  report: string;
}

let folder = "";
let python = "";
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-notebooks-"));
  const jupyter = await findJupyter(process.cwd());
  if (jupyter === null) throw new Error("Jupyter is not available; run: npm run setup");
  python = jupyter.python;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A notebook of code cells; a cell starting with "// parameters" carries that tag. */
function notebook(cells: string[], ci?: object): object {
  return {
    cells: cells.map((source, index) => ({
      cell_type: "code",
      id: `cell-${index}`,
      metadata: source.startsWith("// parameters") ? { tags: ["parameters"] } : {},
      execution_count: null,
      outputs: [],
      source,
    })),
    metadata: {
      kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" },
      ...(ci ? { qdrl: { ci } } : {}),
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

async function execute(
  notebooks: Record<string, object>,
  ...flags: string[]
): Promise<Record<string, Summary>> {
  const files = Object.entries(notebooks).map(([name, content]) => {
    const file = path.join(folder, `${name}.ipynb`);
    writeFileSync(file, JSON.stringify(content));
    return file;
  });
  const summary = path.join(folder, "summary.json");
  const args = ["tools/notebooks.py", "--jobs", "2", "--out", path.join(folder, "out"), "--json", summary];
  await promisify(execFile)(python, [...args, ...flags, ...files]).catch((error) => {
    if (error.code !== 1) throw error; // 1: some notebook failed
  });
  const results = JSON.parse(readFileSync(summary, "utf8")) as Summary[];
  return Object.fromEntries(results.map((result) => [result.notebook.replace(".ipynb", ""), result]));
}

describe("running notebooks", { timeout: 180_000 }, () => {
  it("passes a good one, on its small parameters, and writes what it showed", async () => {
    const good = notebook(
      [
        '// parameters\nlet epochs = 20;\nlet name = "full";',
        'import { Random } from "./lib/engine/random/random.js";\nconst settings = { epochs, name };',
        "for await (const value of [settings]) console.log(value, new Random(1).int(1));",
        'globalThis.__qdrlDisplay({ "application/vnd.plotly.v1+json": { data: [] }, "text/plain": "[a figure]" });',
      ].map((source) => source.replace("globalThis.__", "(globalThis as any).__")),
      { epochs: 2 },
    );
    const { good: result } = await execute({ good }, "--small", "--params", '{"name": "żółw"}');
    expect(result).toMatchObject({ ok: true, error: null, report: "" });
    const written = readFileSync(path.join(folder, "out/good.ipynb"), "utf8");
    expect(written).toContain("{ epochs: 2, name: 'żółw' } 0");
    const html = readFileSync(path.join(folder, "out/good.html"), "utf8");
    const plotly = readFileSync(PLOTLY_MIN, "utf8").slice(0, 2000);
    expect(html.split(plotly)).toHaveLength(2); // inlined, once
    // opens offline: nothing is fetched
    expect(html).not.toMatch(/<script[^>]+src=|<link[^>]+href="http|import\("http/);
    expect(html.length).toBeLessThan(8_000_000);
  });

  it("runs from the environment by plain nbconvert and papermill, with no variable set", async () => {
    const file = path.join(folder, "plain.ipynb");
    writeFileSync(
      file,
      JSON.stringify(notebook(["// parameters\nlet epochs = 20;", "console.log({ epochs });"])),
    );
    const { JUPYTER_PATH: _path, ...env } = process.env;
    const bin = path.dirname(python);
    const run = (command: string, args: string[]) =>
      promisify(execFile)(path.join(bin, command), args, { cwd: folder, env });
    const html = run("jupyter-nbconvert", ["--execute", "--to", "html", "--output", "plain", file]);
    const out = path.join(folder, "papermill.ipynb");
    await Promise.all([html, run("papermill", ["-k", "tslab", file, out, "-p", "epochs", "3"])]);
    expect(readFileSync(path.join(folder, "plain.html"), "utf8")).toContain("{ epochs: 20 }");
    expect(readFileSync(out, "utf8")).toContain("{ epochs: 3 }");
  });

  it("fails on an error, a type error, errors outside a cell, a dead kernel and a cell without end", async () => {
    const results = await execute(
      {
        error: notebook(["console.log('before')", "throw new RangeError('k must be positive, got 0');", "1"]),
        type: notebook(["const a: number = 'text';"]),
        rejection: notebook(["void Promise.reject(new Error('nobody waits'));"]),
        timer: notebook(["void setTimeout(() => { throw new Error('too late'); }, 30);"]),
        dead: notebook(["process.exit(0);"]),
        endless: notebook(["await null;\nwhile (true) {}"]),
      },
      "--timeout",
      "6",
    );
    const errorOf = (name: string) => `${results[name]!.ok} ${results[name]!.cell} ${results[name]!.error}`;
    expect(errorOf("error")).toBe("false 2 RangeError: k must be positive, got 0");
    expect(errorOf("type")).toBe(
      "false 1 TypeScriptError: 1:7 - Type 'string' is not assignable to type 'number'.",
    );
    const outside = "thrown outside a cell (a timer, or a promise that nobody awaited)";
    expect(errorOf("rejection")).toBe(`false 1 Error: nobody waits, ${outside}`);
    expect(errorOf("timer")).toBe(`false 1 Error: too late, ${outside}`);
    expect(errorOf("dead")).toBe("false 1 the kernel died");
    expect(errorOf("endless")).toBe("false 1 no end after 6 s");
    // the failing cell is shown with its output, and no path of this machine
    expect(results["error"]!.report).toContain("throw new RangeError");
    expect(results["error"]!.report).not.toContain(process.cwd());
    expect(readFileSync(path.join(folder, "out/error.html"), "utf8")).toContain("k must be positive");
  });
});

describe("parameters of notebooks", () => {
  /** What the runner makes of each case: the sources of all cells, or its complaint. One Python for all. */
  const inject = (...cases: { cells: string[]; parameters: object }[]): unknown[] => {
    const code = [
      "import json, sys; sys.path.insert(0, 'tools')",
      "import nbformat, notebooks",
      "def run(given):",
      "    nb = nbformat.from_dict(given['notebook'])",
      "    try: notebooks.inject(nb, given['parameters'])",
      "    except notebooks.Unusable as problem: return str(problem)",
      "    return [cell.source for cell in nb.cells]",
      "print(json.dumps([run(given) for given in json.load(sys.stdin)]))",
    ].join("\n");
    const input = JSON.stringify(
      cases.map(({ cells, parameters }) => ({ notebook: notebook(cells), parameters })),
    );
    return JSON.parse(spawnSync(python, ["-c", code], { encoding: "utf8", input }).stdout);
  };
  const declared = "// parameters\nlet epochs = 20, rate = 0.1;\nlet name: string = 'a';";

  it("are assigned in a cell of their own after the tagged one; without any nothing changes", () => {
    const parameters = { epochs: 1, rate: 0.5, name: 'a "b"' };
    const added = 'epochs = 1;\nrate = 0.5;\nname = "a \\"b\\"";';
    expect(inject({ cells: ["1", declared, "2"], parameters }, { cells: ["1"], parameters: {} })).toEqual([
      ["1", declared, added, "2"],
      ["1"],
    ]);
  });

  it("must be declared with let, so that a misspelt one is not lost", () => {
    const complaints = inject(
      { cells: [declared], parameters: { epoch: 1 } },
      { cells: ["// parameters\nconst epochs = 1;"], parameters: { epochs: 1 } },
      { cells: [declared], parameters: { "epochs; evil()": 1 } },
      { cells: ["let epochs = 1"], parameters: { epochs: 1 } },
    );
    const not = "is not declared with `let` in the cell tagged `parameters`";
    expect(complaints).toEqual([
      `parameter "epoch" ${not}`,
      `parameter "epochs" ${not}`,
      `parameter "epochs; evil()" ${not}`,
      "parameters given, but no code cell is tagged `parameters`",
    ]);
  });
});
