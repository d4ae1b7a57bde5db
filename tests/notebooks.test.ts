import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Cell {
  cell_type: string;
  source: string | string[];
}
const names = readdirSync("notebooks")
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => name.replace(".ipynb", ""));
const cellsOf = (name: string): { type: string; text: string }[] =>
  JSON.parse(readFileSync(`notebooks/${name}.ipynb`, "utf8")).cells.map(({ cell_type, source }: Cell) => ({
    type: cell_type,
    text: Array.isArray(source) ? source.join("") : source,
  }));

describe.each(names)("notebook %s", (name) => {
  const [title, first, ...rest] = cellsOf(name);
  const part = (heading: string) =>
    new RegExp(`\\*\\*${heading}\\.\\*\\* ([^]*?)(?:\\n\\n|$)`).exec(title!.text)?.[1];

  it("asks a question, answers it in at most 60 words and four numbers, then in a table, and says how long it runs", () => {
    expect(title!.text).toMatch(new RegExp(`^# ${name.slice(0, 2)} · `));
    expect(part("Question")).toContain("?");
    const answer = part("Answer")!;
    expect(answer.split(/\s+/).length).toBeLessThanOrEqual(60);
    expect(answer.match(/(?<![\w.])\.?\d[\d,.]*/g)?.length ?? 0).toBeLessThanOrEqual(4);
    expect(title!.text).toMatch(/\n\n\|.*\|\n\|[-|]+\|\n/);
    expect(part("Run time")).toBeDefined();
  });

  it("starts with one import, from the public face", () => {
    expect(first!.type).toBe("code");
    expect(first!.text).toMatch(/^import \{[^}]*\} from "qdrl";$/);
    const further = rest.filter(({ type, text }) => type === "code" && /^import |import\(/m.test(text));
    expect(further).toEqual([]);
  });

  it("is in the README's index", () => {
    expect(readFileSync("README.md", "utf8")).toContain(`| [${name}](notebooks/${name}.ipynb) |`);
  });
});
