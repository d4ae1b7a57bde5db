import { describe, expect, it } from "vitest";
import { displayWidth, stripColors } from "../../lib/reporting/display-width.js";
import { plainTable, type Table } from "../../lib/reporting/table.js";
import { csvLines, tableCsv } from "../../lib/reporting/table-csv.js";
import { tableHtml } from "../../lib/reporting/table-html.js";
import { tableLatex } from "../../lib/reporting/table-latex.js";
import { tableMarkdown } from "../../lib/reporting/table-markdown.js";
import { tableTerminal } from "../../lib/reporting/table-terminal.js";

const table: Table = {
  title: "Loss & <gain>",
  columns: [{ label: "System" }, { label: "R@10", detail: "3 queries", align: "right" }],
  rows: [
    { emphasis: "baseline", cells: [{ text: "A|B_1" }, { text: "0.500", detail: "[0.4, 0.6]" }] },
    {
      cells: [
        { text: "日本, 語", link: "runs/a b" },
        { text: "0.700", bold: true, delta: "+0.200", mark: "better", hint: 'p "x"' },
      ],
    },
    { cells: [{ text: "C" }, { text: "0.690", tiedWithBest: true, delta: "−0.010", mark: "worse" }] },
  ],
  notes: ["100 % sure"],
};

describe("tableMarkdown", () => {
  it("writes a pipe table that GitHub reads", () => {
    expect(tableMarkdown(table)).toBe(
      [
        "**Loss & &lt;gain&gt;**",
        "",
        "| System | R@10<br>3 queries |",
        "| :-- | --: |",
        "| A\\|B\\_1 | 0.500 \\[0.4, 0.6\\] |",
        "| [日本, 語](<runs/a b>) | **0.700** +0.200 ▲ |",
        "| C | 0.690† −0.010 ▼ |",
        "",
        "- 100 % sure",
        "",
      ].join("\n"),
    );
  });
});

describe("tableLatex", () => {
  it("writes booktabs rules and escapes every text", () => {
    expect(tableLatex(table, { label: "a b" })).toBe(
      [
        "\\begin{table}[t]",
        "\\centering",
        "\\caption{Loss \\& \\textless{}gain\\textgreater{}}",
        "\\label{tab:a-b}",
        "\\begin{tabular}{lr}",
        "\\toprule",
        "System & R@10 \\\\",
        " & {\\footnotesize 3 queries} \\\\",
        "\\midrule",
        "A\\textbar{}B\\_1 & 0.500 {\\footnotesize [0.4, 0.6]} \\\\",
        "日本, 語 & \\textbf{0.700} {\\footnotesize +0.200$\\uparrow$} \\\\",
        "C & 0.690$^\\dagger$ {\\footnotesize $-$0.010$\\downarrow$} \\\\",
        "\\bottomrule",
        "\\end{tabular}",
        "\\par{\\footnotesize 100 \\% sure\\par}",
        "\\end{table}",
        "",
      ].join("\n"),
    );
  });
});

describe("tableCsv", () => {
  it("quotes what RFC 4180 wants quoted", () => {
    expect(csvLines([["a", 'b"c', "d,e", "f\ng", 1.5, null]])).toBe('a,"b""c","d,e","f\ng",1.5,\r\n');
    expect(tableCsv(table).split("\r\n")[0]).toBe("System,R@10 (3 queries)");
    expect(tableCsv(table).split("\r\n")[2]).toBe('"日本, 語",0.700');
  });
});

describe("tableHtml", () => {
  const html = tableHtml(table);
  it("escapes texts and hints", () => {
    expect(html).toContain("<figcaption>Loss &amp; &lt;gain&gt;</figcaption>");
    expect(html).toContain('title="p &quot;x&quot;"');
  });
  it("marks significance by sign and word class, never colour alone", () => {
    expect(html).toContain('<span class="q-delta q-better">▲ +0.200</span>');
    expect(html).toContain('<span class="q-delta q-worse">▼ −0.010</span>');
  });
  it("never writes a link that runs script", () => {
    const cell = { text: "x", link: "javascript:alert(1)" };
    expect(tableHtml(plainTable(["a"], [[cell]]))).not.toContain("javascript");
    expect(tableHtml(plainTable(["a"], [[{ ...cell, link: " JaVaScRiPt:alert(1)" }]]))).not.toContain("href");
  });
});

describe("tableTerminal", () => {
  it("aligns columns by what characters take on screen", () => {
    const lines = tableTerminal(table).split("\n");
    const bodies = lines.filter((line) => /0\.[567]/.test(line) && !line.includes("["));
    // margin 2, 日本, 語 takes 8, gap 3, the widest of [0.4, 0.6] and ▲ +0.200 takes 10; room for † ends the number
    expect(bodies.map(displayWidth)).toEqual([22, 22, 23]);
  });
  it("is the same text with and without colours", () => {
    const plain = tableTerminal(table);
    const colored = tableTerminal(table, { color: true });
    expect(colored).toContain("\u001b[1m0.700\u001b[0m");
    expect(stripColors(colored)).toBe(plain);
  });

  const wide: Table = {
    columns: [{ label: "System" }, ...["a", "b", "c"].map((label) => ({ label, align: "right" as const }))],
    rows: [{ cells: ["words", "0.100000", "0.200000", "0.300000"].map((text) => ({ text })) }],
    notes: ["every one of these words is kept"],
  };

  it("repeats as many leading columns as tell the rows apart", () => {
    const rows = [
      ["phrases", "0", "0.100", "0.200"],
      ["phrases", "0.5", "0.300", "0.400"],
    ];
    const lines = tableTerminal(plainTable(["set", "typos", "a", "b"], rows), { width: 26 }).split("\n");
    expect(lines.filter((line) => line.includes("phrases"))).toEqual([
      "  phrases   0       0.100",
      "  phrases   0.5     0.300",
      "  phrases   0       0.200",
      "  phrases   0.5     0.400",
    ]);
  });

  it("writes a table that is wider than the screen in parts, each with the first column", () => {
    const lines = tableTerminal(wide, { width: 30, color: true }).split("\n").map(stripColors);
    expect(lines).toEqual([
      `  ${"─".repeat(28)}`,
      "  System          a          b",
      `  ${"─".repeat(28)}`,
      "  words    0.100000   0.200000",
      `  ${"─".repeat(28)}`,
      `  ${"─".repeat(17)}`,
      "  System          c",
      `  ${"─".repeat(17)}`,
      "  words    0.300000",
      `  ${"─".repeat(17)}`,
      "  every one of these words is",
      "  kept",
      "",
    ]);
    expect(tableTerminal(wide, { width: 41 })).toBe(tableTerminal(wide));
  });

  it("lets a column stick out of a screen too narrow for it, and breaks texts between words", () => {
    const heads = tableTerminal(wide, { width: 5 })
      .split("\n")
      .filter((line) => line.includes("System"));
    expect(heads).toEqual(["  System          a", "  System          b", "  System          c"]);
    const texts = plainTable(
      ["set", "about"],
      [["emoji", "what people type and the emoji that they mean by it"]],
    );
    expect(tableTerminal(texts, { width: 40 })).toContain(
      "  emoji   what people type and the emoji\n          that they mean by it\n",
    );
  });
});

describe("plainTable", () => {
  it("right-aligns columns of numbers and writes them for people", () => {
    const plain = plainTable(
      ["name", "count"],
      [
        ["a", 1234567],
        ["b", 0.123456],
      ],
    );
    expect(plain.columns.map((column) => column.align)).toEqual(["left", "right"]);
    expect(plain.rows.map((row) => row.cells[1]!.text)).toEqual(["1,234,567", "0.1235"]);
  });
  it("refuses rows of another width", () => {
    expect(() => plainTable(["a", "b"], [["x"]])).toThrow("plainTable: row 0 must have 2 cells, got 1");
  });
  it("renders without rows in every medium", () => {
    const empty = plainTable(["a", "b"], []);
    expect(tableMarkdown(empty)).toBe("| a | b |\n| :-- | :-- |\n");
    expect(tableCsv(empty)).toBe("a,b\r\n");
    expect(tableHtml(empty)).toContain("<tbody></tbody>");
    expect(tableLatex(empty)).toContain("\\midrule\n\\bottomrule");
    expect(tableTerminal(empty)).toContain("a   b");
  });
});
