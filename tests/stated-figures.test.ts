import fs from "node:fs";
import { describe, expect, it } from "vitest";

/** Figures that stand in no entry of the log yet: each run of the notebook prints them, no entry records them. May only shrink. */
const unrecorded = JSON.parse(
  fs.readFileSync("tests/fixtures/reporting/unrecorded-figures.json", "utf8"),
) as Record<string, string[]>;

/** Numbers of two decimals or more, as measures and times are stated, without a zero before the point. */
function figuresOf(text: string): Set<string> {
  const found = text.match(/(?<![\w.])\d*\.\d{2,}(?![\d.]*\w)/g) ?? [];
  return new Set(found.map((figure) => figure.replace(/^0+/, "")));
}

/** What a notebook's author states; its cells compute the rest. */
function statedText(file: string): string {
  const text = fs.readFileSync(file, "utf8");
  if (!file.endsWith(".ipynb")) return text;
  const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string[] }[] };
  return cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => source.join(""))
    .join("\n");
}

const recorded = figuresOf(fs.readFileSync("reports/LOG.md", "utf8"));
const notebooks = fs
  .readdirSync("notebooks")
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => `notebooks/${name}`);

describe("figures that README and notebooks state", () => {
  it.each(["README.md", ...notebooks])("of %s stand in the log of findings", (file) => {
    const missing = [...figuresOf(statedText(file))].filter((figure) => !recorded.has(figure));
    const known = unrecorded[file] ?? [];
    expect(
      missing.filter((figure) => !known.includes(figure)),
      "state them in reports/LOG.md, with how they were measured",
    ).toEqual([]);
  });

  it("are most of them recorded", () => {
    const all = ["README.md", ...notebooks].flatMap((file) => [...figuresOf(statedText(file))]);
    expect(Object.values(unrecorded).flat().length / all.length).toBeLessThan(0.15);
  });
});
