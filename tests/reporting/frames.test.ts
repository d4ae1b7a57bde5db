import { readFileSync } from "node:fs";
import * as danfo from "danfojs-node";
import { describe, expect, it } from "vitest";
import { type Bundle, showTable } from "../../lib/reporting/display.js";
import { frameTable, toFrame } from "../../lib/reporting/frames.js";

describe("toFrame", () => {
  const rows = [
    { system: "BM25", recall: 0.25 },
    { system: "tower", recall: 0.5 },
  ];

  it("round-trips rows to a table with unshortened cells", async () => {
    const table = frameTable(
      (await toFrame(rows)).sortValues("recall", { ascending: false }) as danfo.DataFrame,
      {
        title: "t",
      },
    );
    expect(table.columns.map((column) => column.label)).toEqual(["system", "recall"]);
    expect(table.rows.map((row) => row.cells.map((cell) => cell.text))).toEqual([
      ["tower", "0.5"],
      ["BM25", "0.25"],
    ]);
  });

  it.each<[string, Record<string, unknown>[], string]>([
    ["no rows", [], "toFrame: rows must not be empty, got 0"],
    [
      "another column",
      [...rows, { system: "x", mrr: 1 }],
      "row 2 must have the columns system, recall, got system, mrr",
    ],
    [
      "a column that hides a method",
      [{ query: "cat" }],
      "toFrame: columns must not hide a method of the frame, got query",
    ],
    [
      "a missing value",
      [...rows, { system: "x", recall: null }],
      "recall of row 2 must not be missing or infinite, got null",
    ],
    [
      "NaN",
      [...rows, { system: "x", recall: Number.NaN }],
      "recall of row 2 must not be missing or infinite, got NaN",
    ],
    [
      "mixed types",
      [...rows, { system: "x", recall: "1" }],
      "recall must hold one type of plain value, got number and, in row 2, string",
    ],
  ])("refuses %s", async (_, input, message) => {
    await expect(toFrame(input as { a: number }[])).rejects.toThrow(message);
  });
});

describe("a frame in a notebook", () => {
  it("filters, sorts and joins rows, and is shown as a table, also as the value of a cell", async () => {
    const left = await toFrame([
      { phrase: "cat", before: 0.5 },
      { phrase: "dog", before: 1 },
      { phrase: "owl", before: 0 },
    ]);
    const right = await toFrame([
      { phrase: "owl", after: 1 },
      { phrase: "cat", after: 0.25 },
      { phrase: "dog", after: 1 },
    ]);
    const joined = danfo.merge({ left, right, on: ["phrase"], how: "inner" });
    const worse = joined.query(joined["after"].lt(joined["before"])) as danfo.DataFrame;
    expect(danfo.toJSON(worse)).toEqual([{ phrase: "cat", before: 0.5, after: 0.25 }]);
    const sorted = joined.sortValues("after", { ascending: false }) as danfo.DataFrame;
    expect((sorted["phrase"] as unknown as danfo.Series).values.at(-1)).toBe("cat");

    const shown: Bundle[] = [];
    const kernel = globalThis as {
      __qdrlDisplay?: (bundle: Bundle) => void;
      __qdrlShowValue?: (value: unknown) => boolean;
    };
    kernel.__qdrlDisplay = (bundle) => shown.push(bundle);
    try {
      showTable(worse);
      expect(kernel.__qdrlShowValue!(worse)).toBe(true);
      expect(kernel.__qdrlShowValue!(worse["phrase"])).toBe(true);
      expect(kernel.__qdrlShowValue!(frameTable(worse))).toBe(true);
      for (const other of [worse.values, { rows: 3 }, null, 7, "text", new Map()])
        expect(kernel.__qdrlShowValue!(other)).toBe(false);
    } finally {
      delete kernel.__qdrlDisplay;
    }
    expect(shown).toHaveLength(4);
    expect(shown[0]).toEqual(shown[1]);
    expect(shown[0]!["text/html"]).toContain("cat");
    expect(shown[2]!["text/plain"]).toMatch(/phrase[\s\S]*cat/);
  });
});

describe("what danfojs drags in", () => {
  it("has no release with known faults: reading spreadsheets and addresses is done by patched packages", () => {
    const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
      packages: Record<string, { name?: string; version?: string }>;
    };
    const found = Object.entries(lock.packages).map(([place, { name, version }]) => ({
      name: name ?? place.split("node_modules/").at(-1)!,
      version: (version ?? "0").split(".").map(Number) as [number, number, number],
    }));
    const atLeast: Record<string, [number, number, number]> = {
      "@e965/xlsx": [0, 20, 2], // CVE-2023-30533, CVE-2024-22363
      "@cypress/request": [3, 0, 0], // CVE-2023-28155
      "tough-cookie": [4, 1, 3], // CVE-2023-26136
      "form-data": [4, 0, 4], // CVE-2025-7783
    };
    const older = (a: number[], b: number[]) => {
      const i = a.findIndex((part, at) => part !== b[at]);
      return i >= 0 && a[i]! < b[i]!;
    };
    expect(found.filter(({ name }) => name === "xlsx" || name === "request")).toEqual([]);
    for (const [name, least] of Object.entries(atLeast)) {
      const versions = found.filter((each) => each.name === name).map(({ version }) => version);
      expect(versions.length, name).toBeGreaterThan(0);
      for (const version of versions)
        expect(older(version, least), `${name} ${version.join(".")}`).toBe(false);
    }
  });
});

// danfojs-node 1.2.0 as it is: if one of these fails after an update, a fault was mended and the guard can go
describe("known faults of danfojs, why it computes no reported number", () => {
  it("counts a missing value as 0 in a group's mean", () => {
    const frame = new danfo.DataFrame([
      { g: "a", x: 1 },
      { g: "a", x: null },
    ]);
    expect(danfo.toJSON(frame.groupby(["g"]).col(["x"]).mean())).toEqual([{ g: "a", x_mean: 0.5 }]);
  });

  it("merges groups of two keys whose texts join to the same", () => {
    const frame = new danfo.DataFrame([
      { a: "x-y", b: "z", v: 1 },
      { a: "x", b: "y-z", v: 3 },
    ]);
    expect(danfo.toJSON(frame.groupby(["a", "b"]).col(["v"]).mean())).toHaveLength(1);
  });

  it("damages the first frame that is concatenated", () => {
    const first = new danfo.DataFrame([{ a: 1 }, { a: 2 }]);
    danfo.concat({ dfList: [first, new danfo.DataFrame([{ a: 5 }, { a: 6 }])], axis: 0 });
    expect(() => first["a"].values).toThrow("index of length 2 but Ndframe rows has length of 4");
  });

  it("cannot describe a column with a missing value", () => {
    const frame = new danfo.DataFrame([{ x: 1 }, { x: null }]);
    expect(() => frame.describe()).toThrow("Cannot calculate mean");
  });

  it("changes the frame that fillNa is called on when columns are named", () => {
    const frame = new danfo.DataFrame([{ a: 1 }, { a: null }]);
    frame.fillNa([9], { columns: ["a"] });
    expect(frame.values).toEqual([[1], [9]]);
  });

  it("adds in float32", () => {
    expect((new danfo.DataFrame([{ a: 0.1 }]).add(0.1) as danfo.DataFrame).values).toEqual([
      [Math.fround(0.2)],
    ]);
    expect(Math.fround(0.2)).not.toBe(0.2);
  });

  it("takes means along rows unless told otherwise", () => {
    const frame = new danfo.DataFrame([
      { a: 0, b: 1 },
      { a: 2, b: 3 },
      { a: 4, b: 5 },
    ]);
    expect((frame.mean() as danfo.Series).values).toEqual([0.5, 2.5, 4.5]);
  });

  it("gives the deviation of one value as 0", () => {
    expect(new danfo.Series([5]).std()).toBe(0);
  });

  it("writes CSV without quotes", () => {
    expect(danfo.toCSV(new danfo.DataFrame([{ a: "x,y", b: 1 }]))).toBe("a,b\nx,y,1\n");
  });
});
