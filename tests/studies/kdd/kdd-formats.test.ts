import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  decodeFloat32,
  decodeInt64,
  encodeFloat32,
  encodeInt64,
} from "../../../lib/datasets/images/base64-fields.js";
import { boxFeatures } from "../../../lib/datasets/images/box-features.js";
import { RegionFolder, writeRegionFile } from "../../../lib/datasets/images/region-files.js";
import {
  readAnswers,
  readPredictions,
  submissionCsv,
  writeAnswers,
  writePredictions,
} from "../../../lib/studies/kdd/files/prediction-files.js";
import {
  readTaskRows,
  type TaskRow,
  taskColumns,
  writeClassNames,
  writeTaskRows,
} from "../../../lib/studies/kdd/files/task-rows.js";
import { expectClose, vector } from "../../support/vectors.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-kdd-"));

const row: TaskRow = {
  productId: "505011234",
  height: 800,
  width: 600,
  boxes: Float32Array.of(50, 20, 150, 120, 0, 0, 800, 600),
  features: Float32Array.of(1, 2.5, -3, 0.25, 0, 7),
  classLabels: [7, 32],
  query: "summer canvas shoes for girls",
  queryId: "42",
};

describe("formats of the KDD Cup task", () => {
  it("encodes values as base64 of little-endian bytes", () => {
    const { inputs, expected } = vector("3-kdd-multimodal-recall/base64_fields");
    expect(encodeFloat32(inputs.float32_values)).toBe(expected.float32_little_endian_base64);
    expect(encodeInt64(inputs.int64_values)).toBe(expected.int64_little_endian_base64);
    expect([...decodeFloat32(expected.float32_little_endian_base64, "here")]).toEqual(inputs.float32_values);
    expect(decodeInt64(expected.int64_little_endian_base64, "here", 3)).toEqual(inputs.int64_values);
  });

  it("refuses fields of another length, and other text", () => {
    expect(() => decodeFloat32("AACAPw==", "x.tsv:2: boxes", 4)).toThrow(
      "x.tsv:2: boxes: must hold 16 bytes, got 4",
    );
    expect(() => decodeInt64("AACAPw==", "x")).toThrow("x: must hold a multiple of 8 bytes, got 4");
    expect(() => decodeFloat32("not base64!", "x")).toThrow('x: must be base64, got "not base64!"');
  });

  it("describes boxes as shares of the picture", () => {
    const { inputs, expected, tolerance } = vector("3-kdd-multimodal-recall/box_features");
    expectClose(boxFeatures(inputs.boxes.flat(), inputs.image_h, inputs.image_w), expected.flat(), tolerance);
  });

  it("reads back the rows it wrote", () => {
    const file = path.join(folder, "train.tsv");
    const empty: TaskRow = {
      ...row,
      boxes: new Float32Array(0),
      features: new Float32Array(0),
      classLabels: [],
    };
    writeTaskRows(file, [row, empty]);
    expect([...readTaskRows(file)]).toEqual([row, empty]);
  });

  it("names file, line and rule of unreadable rows, and skips as many as allowed", () => {
    const file = path.join(folder, "broken.tsv");
    const good = fs.readFileSync(path.join(folder, "train.tsv"), "utf8").split("\n");
    fs.writeFileSync(file, [good[0], "1\t2\t3", good[1], good[1]!.replace("800", "tall")].join("\n"));
    expect(() => [...readTaskRows(file)]).toThrow(`${file}:2: row must have 9 cells, got 3`);
    const told: string[] = [];
    const rows = [...readTaskRows(file, { maxMalformed: 2, onMalformed: (line) => told.push(line) })];
    expect(rows).toHaveLength(1);
    expect(told[1]).toBe(`${file}:4: image_h must be an integer ≥ 0, got "tall"`);
    fs.writeFileSync(file, "a\tb\n");
    expect(() => [...readTaskRows(file, { maxMalformed: 9 })]).toThrow(
      `header must be ${taskColumns.join(", ")}`,
    );
  });

  it("writes class names, and reads predictions and answers back, ids as text", () => {
    writeClassNames(path.join(folder, "labels.txt"), new Map([[40, "kettle"]]));
    expect(fs.readFileSync(path.join(folder, "labels.txt"), "utf8")).toBe(
      "category_id\tcategory_name\n40\tkettle\n",
    );
    const file = path.join(folder, "predictions.json");
    writePredictions(
      file,
      new Map([
        [
          "42",
          [
            ["7", 1],
            ["505011234", 7.31],
          ],
        ],
      ]),
    ); // prettier-ignore
    expect(fs.readFileSync(file, "utf8")).toBe('{"42":[["505011234",7.31],["7",1]]}\n');
    expect(readPredictions(file).get("42")![0]).toEqual(["505011234", 7.31]);
    fs.writeFileSync(path.join(folder, "answers.json"), '{"42": [505011234, 505017777]}');
    const answers = readAnswers(path.join(folder, "answers.json"));
    expect(answers).toEqual(new Map([["42", ["505011234", "505017777"]]]));
    writeAnswers(path.join(folder, "again.json"), answers);
    expect(readAnswers(path.join(folder, "again.json"))).toEqual(answers);
  });

  it("writes the submission file", () => {
    const { inputs, expected } = vector("3-kdd-multimodal-recall/submission_csv");
    expect(submissionCsv(new Map(Object.entries(inputs.predictions)))).toBe(expected);
    expect(submissionCsv(new Map([["1", [["9", 0.5]]]]))).toContain("\n1,9,,,,\n");
  });

  it("keeps regions in one file per product, with geometry computed on reading", () => {
    writeRegionFile(folder, "505011234", row);
    const regions = new RegionFolder(folder, 3).get("505011234")!;
    expect([...regions.features]).toEqual([...row.features]);
    expectClose(regions.boxes, boxFeatures(row.boxes, 800, 600), 1e-7);
    expect(new RegionFolder(folder, 3).get("1")).toBeUndefined();
    expect(() => new RegionFolder(folder, 4).get("505011234")).toThrow("features must be [2, 4], got [2, 3]");
  });
});
