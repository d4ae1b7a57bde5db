import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readPartFile } from "../../lib/datasets/part-files.js";
import { initDataset } from "../../lib/runs/init-dataset.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-texts-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const COLUMNS = ["title", "id", "text"];

function put(name: string, bytes: string | Buffer): string {
  const file = path.join(root, "papers", name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, bytes);
  return file;
}

describe("files of plain text", () => {
  it("are a row each: name, first line, and the whole text with single spaces", async () => {
    const file = put("bikes 1.txt", "\ufeff\nOn bicycles\r\n\r\nA bicycle has\r\ntwo wheels.\r\n");
    const { columns, report } = await readPartFile(file, COLUMNS);
    expect(columns).toEqual({
      id: ["bikes 1"],
      title: ["On bicycles"],
      text: ["On bicycles A bicycle has two wheels."],
    });
    expect(report).toMatchObject({ rows: 1, malformed: 0 });
  });

  it("may be Latin-1, and have those columns only", async () => {
    const file = put("latin.txt", Buffer.from("Über Fahrräder und Züge", "latin1"));
    expect((await readPartFile(file, ["title"])).columns).toEqual({ title: ["Über Fahrräder und Züge"] });
    await expect(readPartFile(file, ["price"])).rejects.toThrow(
      'latin.txt: column "price" must be one of id, title, text in a file of text',
    );
  });

  it("make a folder searchable without labels; an empty one is named and left out", async () => {
    put("empty.txt", " \n");
    const made = await initDataset(path.join(root, "papers"), { root, labels: false });
    expect(made.counts).toMatchObject({ documents: 2, malformedRows: 1 });
    expect(made.warnings.join("\n")).toMatch(/1 malformed rows left out: .*empty\.txt:1: must hold words/);
    expect(made.roles).toEqual({ id: "id", title: "title", text: "text" });
    expect(made.configs.map((file) => path.basename(file))).toContain("label-free-bm25.yaml");
  });

  it("are no table of searches", async () => {
    await expect(initDataset(path.join(root, "papers"), { root, name: "asked" })).rejects.toThrow(
      /must hold tables .* or documents \(\.txt\) for --no-labels, got bikes 1\.txt/,
    );
  });
});
