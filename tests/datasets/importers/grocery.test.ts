import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { pictureCells } from "../../../lib/datasets/images/picture-cells.js";
import { importGrocery } from "../../../lib/datasets/importers/grocery.js";
import { readItems } from "../../../lib/datasets/items.js";
import { openDataset } from "../../../lib/datasets/open-dataset.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { readTar } from "../../../lib/files/tar.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-grocery-"));

const files: Record<string, string> = {
  "classes.csv":
    "Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int),Iconic Image Path (str),Product Description Path (str)\n" +
    "Pink-Lady,0,Apple,0,/icons/Pink-Lady.jpg,/icons/Pink-Lady.txt\nOat-Milk,1,Milk,1,/icons/Oat.jpg,/icons/Oat.txt\n",
  "icons/Pink-Lady.txt": "A crisp\n apple.",
  "icons/Oat.txt": "Oats and water.",
  "icons/Pink-Lady.jpg": "picture 1",
  "icons/Oat.jpg": "picture 2",
  "train.txt": "train/a.jpg, 0, 0\ntrain/gone.jpg, 1, 1\ntrain/b.jpg, 1, 1\n",
  "val.txt": "val/c.jpg, 0, 0\n",
  "test.txt": "test/d.jpg, 1, 1\n",
  ...Object.fromEntries(
    ["train/a.jpg", "train/b.jpg", "val/c.jpg", "test/d.jpg"].map((name) => [name, name]),
  ),
};

/** A tar archive of those files, ustar. */
function tar(contents: Record<string, string>): Buffer {
  const blocks = Object.entries(contents).map(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(`dataset/${name}`, 0);
    header.write("0000644\0", 100);
    header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write("0ustar\0", 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return Buffer.concat([header, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, "\0"))]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe("the import of the grocery photos", () => {
  it("reads the archive: products, photos by part, and what is missing", async () => {
    fs.writeFileSync(path.join(root, "grocery_subset.tar"), tar(files));
    const outDir = path.join(root, "out");
    const manifest = await importGrocery({ from: root, outDir });
    expect(manifest.counts).toMatchObject({
      documents: 2,
      trainingRows: 2,
      validationRows: 1,
      photosQueries: 1,
      trainPhotosMissing: 1,
      pictures: 6,
    });
    expect(openDataset(outDir).fingerprint).toBe(manifest.fingerprint);
    const { items } = await readItems(path.join(outDir, manifest.evaluationSets[0]!.itemsPath));
    expect(items[0]).toEqual({
      document_id: "0",
      document_name: "Pink Lady",
      document_text: "A crisp apple.",
      document_category_id: "Apple",
      document_picture: "pictures/icons/Pink-Lady.jpg",
    });
    expect(fs.readFileSync(path.join(outDir, items[1]!["document_picture"]!), "utf8")).toBe("picture 2");
    const rows = await readTrainingRows(outDir, "training", ["query_picture", "document_name"]);
    expect(rows.columns).toEqual({
      query_picture: ["pictures/train/a.jpg", "pictures/train/b.jpg"],
      document_name: ["Pink Lady", "Oat Milk"],
    });
    const { queries } = await readQueries(path.join(outDir, manifest.evaluationSets[0]!.queriesPath), {
      columns: ["query_picture"],
    });
    expect(queries[0]).toMatchObject({ relevantIds: ["1"], slice: "Milk" });
    // what features are extracted from: photos of all parts
    expect(await pictureCells(outDir, "query_picture")).toEqual(
      ["train/a.jpg", "train/b.jpg", "val/c.jpg", "test/d.jpg", "val/c.jpg"].map(
        (name) => `pictures/${name}`,
      ),
    );
  });

  it("refuses a folder without the data, and a damaged archive", async () => {
    const empty = path.join(root, "empty");
    fs.mkdirSync(empty);
    await expect(importGrocery({ from: empty, outDir: path.join(root, "x") })).rejects.toThrow(
      "must hold dataset/ or grocery_subset.tar",
    );
    const archive = tar({ a: "hello" });
    expect(Buffer.from(readTar(archive, "x").get("dataset/a")!).toString()).toBe("hello");
    archive[0] = 0x21;
    expect(() => readTar(archive, "x.tar")).toThrow("x.tar: tar header at byte 0 must have its checksum");
    expect(() => readTar(tar({ a: "hello" }).subarray(0, 514), "x.tar")).toThrow("archive must be whole");
  });
});
