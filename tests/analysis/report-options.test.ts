import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readReportFile } from "../../lib/analysis/report-options.js";

function written(text: string): string {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-report-")), "report.yaml");
  fs.writeFileSync(file, text);
  return file;
}

describe("a report's YAML", () => {
  it("holds runs, title, paragraphs, measures and the test", () => {
    const text = "runs: [a, b]\ntitle: Films\ntext: One paragraph.\nmeasures: [nDCG@10]\ntest: t\n";
    expect(readReportFile(written(text))).toEqual({
      runs: ["a", "b"],
      ...{ title: "Films", text: ["One paragraph."], measures: ["nDCG@10"], test: "t" },
    });
  });

  it.each([
    ["measures: [nDGC@10]\n", /measures.* must be a measure such as nDCG@10/],
    ["test: wilcoxon\n", /test must be one of/],
    ["titel: Films\n", /titel/],
  ])("is refused with %j", (text, message) => {
    expect(() => readReportFile(written(text))).toThrow(message);
  });
});
