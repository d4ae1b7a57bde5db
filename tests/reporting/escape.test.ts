import { describe, expect, it } from "vitest";
import { escapeHtml, escapeLatex, escapeMarkdown, htmlId, scriptJson } from "../../lib/reporting/escape.js";

describe("escaping", () => {
  it("makes text literal in HTML content and attributes", () => {
    expect(escapeHtml(`<img src=x onerror='a()'> & "b"`)).toBe(
      "&lt;img src=x onerror=&#39;a()&#39;&gt; &amp; &quot;b&quot;",
    );
  });

  it("writes LaTeX's ten special characters as themselves", () => {
    expect(escapeLatex("\\ { } $ & # % _ ^ ~")).toBe(
      "\\textbackslash{} \\{ \\} \\$ \\& \\# \\% \\_ \\textasciicircum{} \\textasciitilde{}",
    );
  });

  it("turns the signs of our tables into LaTeX commands and keeps other letters", () => {
    expect(escapeLatex("τ = 0.1 ± −2 żółw")).toBe("$\\tau$ = 0.1 $\\pm$ $-$2 żółw");
  });

  it("keeps a Markdown cell in its cell", () => {
    expect(escapeMarkdown("a|b\n*c* `d` <e>")).toBe("a\\|b<br>\\*c\\* \\`d\\` &lt;e&gt;");
  });

  it("cannot be left by data inside a script element", () => {
    const text = scriptJson({ a: "</script><!--\u2028" });
    expect(text).not.toMatch(/<|\u2028/);
    expect(JSON.parse(text)).toEqual({ a: "</script><!--\u2028" });
  });

  it("makes ids of titles", () => {
    expect(htmlId("How it was made — 2.")).toBe("how-it-was-made-2");
    expect(htmlId("Źó 日本語")).toBe("źó-日本語");
    expect(htmlId("— …")).toBe("section");
  });
});
